/**
 * The voice of a pair at the broker, on a connection of its own: how the pair is, what happens to it, that it is gone, by a
 * last will; and what it is told to do there, where that is allowed.
 */
import { randomBytes } from "node:crypto";
import { askService, watchService } from "../../api/client.ts";
import type { Status, Tellable } from "../../api/protocol.ts";
import { sayNameTwice } from "../../messages/broker.ts";
import type { BrokerConnection, Message } from "../broker/connection.ts";
import { connectPart } from "../broker/of-pair.ts";
import type { NetworkPair } from "../pair.ts";
import { topicOf } from "../topics.ts";
import { Commands } from "./commands.ts";
import { EventFeed, type Taken } from "./event-feed.ts";
import { discoveryMessage, discoveryTopic } from "./home-assistant.ts";
import { farewell, gistOf, ownStatus, textOf } from "./own-status.ts";
import { type FleetEvent, type FleetReply, readStatus } from "./protocol.ts";
import { isReplyTopic } from "./topics.ts";

/** All is told so often; … */
const SAY_EVERY_MS = 1_000;
/** … and what matters as soon as it is seen, which is so often. */
const LOOK_EVERY_MS = 250;
/** A service that does not run is looked for again after so long. */
const AGAIN_MS = 1_000;
/** The same is told no more often, however often it comes. */
const TELL_AGAIN_MS = 10_000;

/** Speaks for a pair until its signal aborts. Never rejects. */
export async function speakForPair(pair: NetworkPair): Promise<void> {
  const voice = new Voice(pair);
  await voice.follow();
  await voice.end();
}

class Voice {
  readonly #pair: NetworkPair;
  readonly #instance = randomBytes(4).toString("hex");
  readonly #connection: BrokerConnection;
  readonly #events: EventFeed;
  readonly #commands: Commands;
  readonly #statusTopic: string;
  readonly #timer: NodeJS.Timeout;
  #status: Status | undefined;
  #gist = "";
  #isTwinTold = false;
  /** Since when the same was not told, by what. */
  readonly #toldMs = new Map<Tellable, number>();
  /** Called when the connection is lost, each once. */
  readonly #lost = new Set<() => void>();

  constructor(pair: NetworkPair) {
    this.#pair = pair;
    const { name, sockets, signal, explain } = pair;
    this.#statusTopic = topicOf(name, "status");
    this.#events = new EventFeed(sockets, (event) => this.#publishEvent(event));
    this.#commands = new Commands({
      ...{ sockets, signal, explain },
      tell: (what) => this.#tell(what),
      reply: (message, reply) => this.#reply(message, reply),
    });
    this.#connection = connectPart(pair, "voice", {
      will: { topic: this.#statusTopic, payload: JSON.stringify(farewell(this.#instance, "lost")) },
      connected: () => this.#begin(),
      heard: (message) => this.#hear(message),
      troubled: () => {
        if (!this.#connection.isConnected) for (const lose of this.#lost) lose();
      },
    });
    this.#timer = setInterval(() => this.#sayStatus(), SAY_EVERY_MS);
  }

  /** Follows what the service says of itself, whether it runs or not, until the signal aborts. */
  async follow(): Promise<void> {
    const { sockets, signal } = this.#pair;
    while (!signal.aborted) {
      try {
        for await (const status of watchService(sockets, LOOK_EVERY_MS, signal)) this.#take(status);
      } catch {
        // It does not run, has ended, or hangs: it is told as not running until it answers again.
      }
      if (signal.aborted) return;
      this.#take(undefined);
      await sleep(AGAIN_MS, signal);
    }
  }

  /** Says that this pair goes, and ends. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    for (const lose of this.#lost) lose();
    const payload = JSON.stringify(farewell(this.#instance, "stopped"));
    await this.#connection.end([{ topic: this.#statusTopic, payload }]);
  }

  #take(status: Status | undefined): void {
    this.#status = status;
    if (gistOf(ownStatus(status, this.#speaker)) !== this.#gist) this.#sayStatus();
    if (status !== undefined && this.#connection.isConnected) this.#events.look(status);
  }

  get #speaker(): Parameters<typeof ownStatus>[1] {
    return { instance: this.#instance, takesCommands: this.#pair.allowCommands };
  }

  /** The broker is there, for the first time or again: it knows nothing of us. */
  #begin(): void {
    const { machine, pair, name, allowCommands, homeAssistant } = this.#pair;
    const announced = discoveryTopic(machine, pair);
    this.#connection.subscribe({ [this.#statusTopic]: 0 }, { notOwn: true });
    // What a publisher has marked to be retained keeps that mark here, however it comes.
    if (allowCommands) this.#connection.subscribe({ [topicOf(name, "command")]: 1 }, { keepsMark: true });
    if (homeAssistant) {
      const message = JSON.stringify(discoveryMessage(machine, pair, allowCommands));
      this.#connection.publish(announced, message, { qos: 1, retain: true });
    } else this.#connection.subscribe({ [announced]: 0 });
    this.#sayStatus();
    if (this.#status !== undefined) this.#events.pump(this.#status.startedAt);
  }

  #sayStatus(): void {
    const status = ownStatus(this.#status, this.#speaker);
    const isSaid = this.#connection.publish(this.#statusTopic, textOf(status), {
      qos: 1,
      retain: true,
    });
    if (isSaid) this.#gist = gistOf(status);
  }

  #hear(message: Message): void {
    switch (message.topic) {
      case this.#statusTopic:
        this.#hearTwin(message);
        break;
      case discoveryTopic(this.#pair.machine, this.#pair.pair):
        // It was announced to Home Assistant before, and is not to be any more.
        if (!this.#pair.homeAssistant && message.isRetained && message.payload.length > 0)
          this.#connection.publish(message.topic, "", { qos: 1, retain: true });
        break;
      case topicOf(this.#pair.name, "command"):
        if (this.#pair.allowCommands) this.#commands.take(message);
        break;
    }
  }

  /** Whether somebody else speaks for this pair. What the broker kept may be of a process that is gone. */
  #hearTwin({ payload, isRetained }: Message): void {
    if (isRetained || this.#isTwinTold) return;
    const reading = readStatus(payload);
    if (reading.is !== "read" || !reading.read.online || reading.read.instance === this.#instance) return;
    this.#isTwinTold = true;
    this.#pair.say("warning", sayNameTwice(this.#pair.machine));
    this.#tell("network name twice");
  }

  /** Has the service tell something, unless it has lately. A service that does not run tells nothing. */
  #tell(what: Tellable): void {
    const nowMs = performance.now();
    const wasMs = this.#toldMs.get(what) ?? Number.NEGATIVE_INFINITY;
    const isWish = ["network pause", "network release", "network resume"].includes(what);
    if (!isWish && nowMs - wasMs < TELL_AGAIN_MS) return;
    this.#toldMs.set(what, nowMs);
    const { sockets, machine } = this.#pair;
    askService(sockets, { do: "tell", what, machine }).catch(() => {});
  }

  #reply({ replyTo }: Message, reply: FleetReply): void {
    if (replyTo === undefined || !isReplyTopic(replyTo.topic, this.#pair.name)) return;
    this.#connection.publish(replyTo.topic, JSON.stringify(reply), {
      qos: 1,
      ...(replyTo.correlation && { correlation: replyTo.correlation }),
    });
  }

  #publishEvent(event: FleetEvent): Promise<Taken> {
    return new Promise((resolve) => {
      const settle = (taken: Taken) => {
        this.#lost.delete(lose);
        resolve(taken);
      };
      const lose = () => settle("lost");
      this.#lost.add(lose);
      const answered = (isTaken: boolean) => {
        settle(isTaken ? "taken" : this.#connection.isConnected ? "refused" : "lost");
      };
      const topic = topicOf(this.#pair.name, "events");
      if (!this.#connection.publish(topic, JSON.stringify(event), { qos: 1, answered })) lose();
    });
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done, { once: true });
  });
}
