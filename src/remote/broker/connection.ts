/**
 * One connection to a broker, which is made anew whenever it is lost: 0.5 s after the first loss, then every second. What
 * it says at each beginning (subscriptions, what is retained), its user knows.
 */
import { randomBytes } from "node:crypto";
import type { MqttClient } from "mqtt";
import type { Progress } from "../../linux/sockets/inet.ts";
import type { BrokerTrouble } from "../../messages/broker.ts";
import { type BrokerAccess, credentialsOf } from "./access.ts";
import { type BrokerStream, openStream } from "./stream.ts";
import { refusalOf, troubleOf } from "./trouble.ts";

const FIRST_AGAIN_MS = 500;
const AGAIN_MS = 1_000;
/** A broker answers at once; a packet may be lost now and then. */
const ANSWERED_WITHIN_MS = 4_000;
/** A broker knows after one and a half of it that a machine is gone, and says so to all. */
const KEEPALIVE_S = 4;
/** Nothing that is ours is longer; a broker that is asked to keeps longer packets from us. */
const MOST_PACKET_BYTES = 16_384;
/** What is said at the end may take so long to get through. */
const SAID_WITHIN_MS = 500;

/** Something that was published. */
export interface Message {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** Whether the broker had kept it: it was published before we asked; or, as {@link Subscribing} says, is to be kept. */
  readonly isRetained: boolean;
  /** Where its publisher wants an answer, and what he knows that by. */
  readonly replyTo?: { readonly topic: string; readonly correlation?: Buffer | undefined } | undefined;
}

/** How something is subscribed. */
export interface Subscribing {
  /** What this connection publishes itself is not heard. */
  readonly notOwn?: boolean;
  /** Also what comes while we listen keeps the mark of what the broker is to keep. */
  readonly keepsMark?: boolean;
}

/** What is published by the broker, retained, when this connection is lost. */
export interface Will {
  readonly topic: string;
  readonly payload: string;
}

/** What is said of a message that is published. */
export interface Publishing {
  /** 1 is acknowledged by the broker; 0 may be lost. 0 if left out. */
  readonly qos?: 0 | 1;
  /** Whether the broker keeps it for who asks later. */
  readonly retain?: boolean;
  /** What the reader of an answer knows it by. */
  readonly correlation?: Buffer;
  /** With QoS 1: called when the broker has said whether it takes it, or the connection is lost. */
  answered?(isTaken: boolean): void;
}

/** How a connection is made, and who hears of it. */
export interface ConnectionOptions {
  readonly access: BrokerAccess;
  /** See {@link clientIdFor}. */
  readonly clientId: string;
  readonly will?: Will;
  /** It is there, for the first time or again: the broker knows nothing of what was subscribed before. */
  connected(): void;
  /** Something was published that was subscribed. */
  heard?(message: Message): void;
  /** It could not be made, or is lost, or the broker refuses something: each time. */
  troubled(trouble: BrokerTrouble): void;
  /** It was ended here, and is no more. */
  ended?(): void;
  /** The password's file can be read by others than its owner and its group: each time. */
  openPasswordFile?(path: string): void;
}

/** A client id that no other connection has: two of one id would end each other's. */
export function clientIdFor(machine: string, pair: string, part: string): string {
  return `so101-${machine}-${pair}-${part}-${randomBytes(4).toString("hex")}`;
}

/** A connection that lasts until it is ended. */
export class BrokerConnection {
  readonly #options: ConnectionOptions;
  readonly #ended = new AbortController();
  #client: MqttClient | undefined;
  #stream: BrokerStream | undefined;
  #losses = 0;
  #attemptMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    void this.#connect();
  }

  get isConnected(): boolean {
    return this.#client?.connected === true;
  }

  /** How far what was published has come on its way; undefined while there is no connection. */
  get progress(): Progress | undefined {
    return this.#stream?.progress;
  }

  /** Publishes; false, and nothing is, while there is no connection. */
  publish(topic: string, payload: string | Buffer, options: Publishing = {}): boolean {
    const { qos = 0, retain = false, correlation, answered } = options;
    const client = this.#client;
    if (client?.connected !== true) return false;
    const properties = correlation && { properties: { correlationData: correlation } };
    const done = (error: unknown) => {
      this.#answered(client, error, topic, "write");
      answered?.(!error);
    };
    client.publish(topic, payload, { qos, retain, ...properties }, qos === 0 ? undefined : done);
    return true;
  }

  /** Has what is published under these topics heard, until the connection is lost. Does nothing while there is none. */
  subscribe(topics: Readonly<Record<string, 0 | 1>>, { notOwn, keepsMark }: Subscribing = {}): void {
    const client = this.#client;
    if (client?.connected !== true) return;
    const how = { nl: notOwn === true, rap: keepsMark === true };
    const wanted = Object.fromEntries(Object.entries(topics).map(([topic, qos]) => [topic, { qos, ...how }]));
    client.subscribe(wanted, (error) => this.#answered(client, error, Object.keys(topics)[0]!, "read"));
  }

  /** Gives the connection up, because nothing gets through, and makes it anew at once. Does nothing while there is none. */
  abandon(): void {
    if (this.#client?.connected !== true) return;
    this.#drop();
    this.#options.troubled({ kind: "stuck" });
    void this.#connect();
  }

  /** Says these last messages, retained, and ends; the will is not published then. A second call does nothing. */
  async end(last: readonly Will[] = []): Promise<void> {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    clearTimeout(this.#timer);
    const client = this.#client;
    if (client?.connected === true) {
      const said = last.map(({ topic, payload }) =>
        client.publishAsync(topic, payload, { qos: 1, retain: true }),
      );
      const late = Bun.sleep(SAID_WITHIN_MS);
      await Promise.race([Promise.all([...said]).then(() => client.endAsync()), late]).catch(() => {});
    }
    this.#drop();
    this.#options.ended?.();
  }

  async #connect(): Promise<void> {
    this.#attemptMs = performance.now();
    const { access, clientId, will } = this.#options;
    const { signal } = this.#ended;
    let spoken = { host: access.url, port: 0, user: access.user };
    try {
      const credentials = credentialsOf(access);
      spoken = credentials;
      if (credentials.openPasswordFile !== undefined)
        this.#options.openPasswordFile?.(credentials.openPasswordFile);
      const [Client, stream] = await Promise.all([load(), openStream(credentials, signal)]);
      if (signal.aborted) return void stream.socket.destroy();
      this.#stream = stream;
      const { user, password } = credentials;
      const client = new Client(() => stream.socket, {
        ...{ clientId, protocolVersion: 5, clean: true, keepalive: KEEPALIVE_S },
        ...{
          connectTimeout: ANSWERED_WITHIN_MS,
          reconnectPeriod: 0,
          resubscribe: false,
          queueQoSZero: false,
        },
        properties: { maximumPacketSize: MOST_PACKET_BYTES, sessionExpiryInterval: 0 },
        ...(user !== undefined && { username: user }),
        ...(password !== undefined && { password }),
        ...(will !== undefined && {
          will: { ...will, payload: Buffer.from(will.payload), qos: 1, retain: true },
        }),
      });
      this.#attend(client, spoken, credentials.tls !== undefined);
    } catch (error) {
      if (!signal.aborted) this.#lose(troubleOf(error, spoken));
    }
  }

  #attend(client: MqttClient, spoken: Parameters<typeof troubleOf>[1], tls: boolean): void {
    this.#client = client;
    let wasConnected = false;
    let trouble: BrokerTrouble | undefined;
    client
      .on("connect", () => {
        wasConnected = true;
        this.#losses = 0;
        this.#options.connected();
      })
      .on("message", (topic, payload, { retain, properties }) => {
        const { responseTopic, correlationData: correlation } = properties ?? {};
        const replyTo = responseTopic === undefined ? undefined : { topic: responseTopic, correlation };
        this.#options.heard?.({ topic, payload, isRetained: retain, replyTo });
      })
      .on("disconnect", ({ reasonCode = 0 }) => {
        if (reasonCode !== 0) trouble ??= refusalOf(reasonCode, spoken.user);
      })
      .on("error", (error) => {
        // One that was given up must not end its successor.
        if (this.#client !== client) return;
        trouble ??= /connack timeout|Keepalive timeout/.test(error.message)
          ? { kind: wasConnected ? "stuck" : "silent" }
          : saidTrouble(error, spoken);
        this.#stream?.socket.destroy();
      })
      .on("close", () => {
        if (this.#client !== client) return;
        this.#drop();
        this.#lose(trouble ?? (wasConnected ? { kind: "lost" } : { kind: "hung up", tls }));
      });
  }

  /** What the broker says to something that we asked of it. */
  #answered(client: MqttClient, error: unknown, topic: string, what: "read" | "write"): void {
    if (!error || this.#client !== client || !client.connected) return;
    this.#options.troubled({ kind: "topic denied", topic, what });
  }

  #lose(trouble: BrokerTrouble): void {
    if (this.#ended.signal.aborted) return;
    const pauseMs = this.#losses++ === 0 ? FIRST_AGAIN_MS : AGAIN_MS;
    const dueMs = Math.max(0, this.#attemptMs + pauseMs - performance.now());
    this.#timer = setTimeout(() => void this.#connect(), this.#losses === 1 ? pauseMs : dueMs);
    this.#options.troubled(trouble);
  }

  #drop(): void {
    const client = this.#client;
    this.#client = undefined;
    const stream = this.#stream;
    this.#stream = undefined;
    client?.removeAllListeners("connect").removeAllListeners("message");
    client?.on("error", () => {});
    client?.end(true);
    stream?.socket.destroy();
  }
}

/** What is wrong by an error of the client: what it cannot read has no code, and is no MQTT. */
function saidTrouble(error: Error, spoken: Parameters<typeof troubleOf>[1]): BrokerTrouble {
  return "code" in error ? troubleOf(error, spoken) : { kind: "no MQTT" };
}

type Client = typeof MqttClient;

/** A program without a broker loads nothing of it; with one no more than the client itself. */
async function load(): Promise<Client> {
  const { default: loaded } = await import("mqtt/lib/client");
  // In a compiled program a module of CommonJS is its own default.
  return "default" in loaded ? (loaded.default as Client) : loaded;
}
