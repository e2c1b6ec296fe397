/** Serves LeKiwi's client: its commands drive the follower, as far as the pair lets it; it is sent how the follower is. */
import { connectionsTo, resetConnection } from "../../linux/sockets/inet.ts";
import { noCommand, secondClient } from "../../messages/lerobot.ts";
import { ClientDriver } from "../driver.ts";
import { type FedSample, feed } from "../feed.ts";
import type { LerobotPair } from "../pair.ts";
import { tcpEndpoint, type ZmqMessage } from "../zmq/socket.ts";
import { OneClient } from "./one-client.ts";
import { Pace } from "./pace.ts";
import { commandIn, LONGEST_COMMAND_BYTES, observationOf } from "./wire.ts";

/** So many wait where the client takes none, as LeKiwi's host has it: newer ones are lost. */
const OBSERVATIONS_WAITING = 2;
/** The kernel keeps a dozen of them for who does not take them. */
const SEND_BUFFER_BYTES = 4_096;
/** A client is seen to have gone within so long. */
const LOOK_EVERY_MS = 500;
/** As often as the follower is read anew; who commands more often is sent the same again, for LeRobot's client waits for one. */
const SAMPLES_EVERY_MS = 20;
/** What is older is not where the follower is. */
const NEWEST_FOR_MS = 100;
/** What is no command is told so often at most. */
const TELL_AGAIN_MS = 30_000;

/** Serves until the pair's signal aborts. Throws the system's error where an address cannot be taken. */
export async function serveLekiwi(pair: LerobotPair): Promise<void> {
  const { zmq, signal, listen } = pair;
  const ports = { commands: listen.port, observations: listen.port + 1 };
  const host = new LekiwiHost(pair, ports, (observation) => observations.send(observation));
  const domain = `${pair.pair} lekiwi`;
  const socket = { domain, longestBytes: LONGEST_COMMAND_BYTES } as const;
  pair.judges.set(domain, (address) => host.client.admit(address));
  const observations = zmq.socket({
    ...socket,
    kind: "push",
    sendHighWater: OBSERVATIONS_WAITING,
    sendBufferBytes: SEND_BUFFER_BYTES,
  });
  const commands = zmq.socket({ ...socket, kind: "pull" }, (messages) => host.hear(messages));
  const looking = setInterval(() => host.client.look(), LOOK_EVERY_MS);
  try {
    commands.bind(tcpEndpoint(listen.hostname, ports.commands));
    observations.bind(tcpEndpoint(listen.hostname, ports.observations));
    if (!signal.aborted)
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  } finally {
    clearInterval(looking);
    host.end();
    zmq.closeSocket(commands);
    zmq.closeSocket(observations);
    pair.judges.delete(domain);
  }
}

interface LekiwiPorts {
  readonly commands: number;
  readonly observations: number;
}

class LekiwiHost {
  readonly client: OneClient;
  readonly #pair: LerobotPair;
  readonly #ports: LekiwiPorts;
  readonly #send: (observation: Uint8Array) => boolean;
  readonly #driver: ClientDriver;
  #pace = new Pace();
  #feeding: AbortController | undefined;
  #newest: { readonly sample: FedSample; readonly atMs: number } | undefined;
  #toldMs = Number.NEGATIVE_INFINITY;
  #said = "";

  constructor(pair: LerobotPair, ports: LekiwiPorts, send: (observation: Uint8Array) => boolean) {
    this.#pair = pair;
    this.#ports = ports;
    this.#send = send;
    this.#driver = new ClientDriver(pair);
    this.client = new OneClient({
      ports: [ports.commands, ports.observations],
      came: () => this.#beginFeeding(),
      left: () => this.end(),
      refused: (address) => {
        pair.say("warning", secondClient(address));
        pair.tell("lerobot second client", address);
      },
    });
  }

  /** Heeds the newest command of the client. */
  hear(messages: readonly ZmqMessage[]): void {
    const ofClient = messages.filter(({ peer }) => peer === this.client.address);
    const newest = ofClient.at(-1);
    if (newest === undefined) return;
    const positions = commandIn(newest.frames);
    const isCommand = positions !== undefined && this.#driver.command(newest.peer, positions);
    if (!isCommand) {
      this.#tellNoCommand(newest.peer);
      return;
    }
    // What it has not read is thrown away: it connects again within 0.1 s, and sees what is.
    if (this.#pace.command(performance.now()) === "maybe behind") {
      for (const connection of connectionsTo(this.#ports.observations)) resetConnection(connection);
    }
    this.#observe();
  }

  /** Nobody is there any more. */
  end(): void {
    this.#feeding?.abort();
    this.#feeding = undefined;
    this.#newest = undefined;
  }

  #beginFeeding(): void {
    this.end();
    this.#pace = new Pace();
    this.#feeding = new AbortController();
    const { sockets, explain, say } = this.#pair;
    void feed(
      {
        sockets,
        everyMs: SAMPLES_EVERY_MS,
        publish: (sample) => {
          this.#newest = { sample, atMs: performance.now() };
          this.#said = "";
          this.#observe();
        },
        missed: (error) => {
          this.#newest = undefined;
          const text = explain(error);
          if (text !== this.#said) say("warning", text);
          this.#said = text;
        },
      },
      this.#feeding.signal,
    );
  }

  /** Sends where the follower is, as far as that is known and it is time for it. */
  #observe(): void {
    const nowMs = performance.now();
    const { sample, atMs } = this.#newest ?? {};
    if (sample === undefined || nowMs - atMs! > NEWEST_FOR_MS || !this.#pace.isDue(nowMs)) return;
    this.#send(observationOf(sample.observation));
    this.#pace.sent(nowMs);
  }

  #tellNoCommand(client: string): void {
    const nowMs = performance.now();
    if (nowMs - this.#toldMs < TELL_AGAIN_MS) return;
    this.#toldMs = nowMs;
    this.#pair.say("warning", noCommand(client));
    this.#pair.tell("lerobot no command", client);
  }
}
