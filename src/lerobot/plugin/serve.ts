/** Serves LeRobot's plugin: samples to all who listen, on one port; on the next requests are answered. */
import { randomBytes } from "node:crypto";
import { armsOf, askService } from "../../api/client.ts";
import type { PairArms, Status } from "../../api/protocol.ts";
import { nowUs } from "../../linux/clock.ts";
import { NO_REQUEST, otherWire, unitsWarning } from "../../messages/plugin.ts";
import type { Severity } from "../../teleop/reporting/events.ts";
import { feed } from "../feed.ts";
import type { ZmqContext } from "../zmq/context.ts";
import { tcpEndpoint, type ZmqMessage } from "../zmq/socket.ts";
import { Drivers, Refusal } from "./drivers.ts";
import {
  bytesOf,
  type Driven,
  type Hello,
  LONGEST_REQUEST_BYTES,
  type PluginReply,
  type PluginRequest,
  requestIn,
  SAMPLE_PORT,
  WIRE_VERSION,
} from "./wire.ts";

/** What serves the plugin, and for which pair. */
export interface PluginOptions {
  readonly context: ZmqContext;
  /** Where clients may come from: an address of this machine. */
  readonly address: string;
  /** The first of its two ports. */
  readonly port?: number;
  /** Where the pair's service may listen. */
  readonly sockets: readonly string[];
  /** The program's version. */
  readonly program: string;
  /** What was thrown when the service was asked, as a sentence. */
  explain(error: unknown): string;
  /** Writes a line for who reads the log. */
  say(severity: Severity, text: string): void;
}

/** Every sample: no loop of the program is faster. */
const SAMPLES_EVERY_MS = 2;
/** A listener has few samples before it that wait: what it does not take in time is lost. */
const SAMPLES_WAITING = 4;

/** Nobody needs more beginnings of samples than the empty one. */
const MOST_TOPICS = 64;

/** Serves the plugin until `signal` aborts. Throws the system's error where the address cannot be taken. */
export async function servePlugin(options: PluginOptions, signal: AbortSignal): Promise<void> {
  const { context } = options;
  const host = new PluginHost(options);
  const { address, port = SAMPLE_PORT } = options;
  const samples = context.socket(
    { kind: "xpub", longestBytes: LONGEST_REQUEST_BYTES, sendHighWater: SAMPLES_WAITING },
    (subscriptions) => host.listen(subscriptions, (sample) => samples.send(sample)),
  );
  const requests = context.socket({ kind: "router", longestBytes: LONGEST_REQUEST_BYTES }, (messages) =>
    host.hear(messages, (frames) => requests.send(...frames)),
  );
  try {
    samples.bind(tcpEndpoint(address, port));
    requests.bind(tcpEndpoint(address, port + 1));
    if (!signal.aborted)
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  } finally {
    host.end();
    context.closeSocket(samples);
    context.closeSocket(requests);
  }
}

/** What a client has said, with where to answer it. */
interface Asked {
  /** The parts before a request's own: they come back with the reply. */
  readonly envelope: readonly Uint8Array[];
  readonly peer: string;
  /** The mark of the program that has asked. */
  readonly program: string;
  readonly request: PluginRequest;
}

type DriveRequest = Extract<PluginRequest, { do: "drive" }>;

/** Whether a target is a program's newest of those that came together; what else is asked is not compared. */
function isNewest({ program, request }: Asked, index: number, asked: readonly Asked[]): boolean {
  const isLater = (other: Asked) => other.program === program && other.request.do === "drive";
  return request.do !== "drive" || !asked.slice(index + 1).some(isLater);
}

class PluginHost {
  readonly #options: PluginOptions;
  readonly #drivers: Drivers;
  readonly #run = randomBytes(8).toString("hex");
  /** What of samples somebody listens to, by their beginnings: all of them, as a rule. */
  readonly #topics = new Set<string>();
  #feeding: AbortController | undefined;
  #said = "";
  /** Whoever asks meanwhile has the same answer. */
  #asking: Promise<readonly [Status, PairArms]> | undefined;

  constructor(options: PluginOptions) {
    this.#options = options;
    this.#drivers = new Drivers(options.sockets);
  }

  /** Heeds that somebody begins to listen to samples, or that nobody does any more. */
  listen(subscriptions: readonly ZmqMessage[], send: (sample: Uint8Array) => void): void {
    for (const { frames } of subscriptions) {
      const [is, ...topic] = frames[0] ?? [];
      const name = topic.join();
      if (is === 0) this.#topics.delete(name);
      else if (is === 1 && (name === "" || this.#topics.size < MOST_TOPICS)) this.#topics.add(name);
    }
    if (this.#topics.size === 0) this.#endFeeding();
    else if (this.#feeding === undefined) this.#feed(send);
  }

  #feed(send: (sample: Uint8Array) => void): void {
    this.#feeding = new AbortController();
    void feed(
      {
        sockets: this.#options.sockets,
        everyMs: SAMPLES_EVERY_MS,
        publish: (sample) => send(bytesOf({ run: this.#run, ...sample })),
        missed: (error) => this.#sayOnce(this.#options.explain(error)),
      },
      this.#feeding.signal,
    );
  }

  /** Answers what has come. Of several targets of one client the newest is taken, and it alone is answered. */
  hear(messages: readonly ZmqMessage[], send: (frames: readonly Uint8Array[]) => void): void {
    const asked: Asked[] = [];
    for (const { frames, peer } of messages) {
      const envelope = frames.slice(0, -1);
      const answer = (reply: PluginReply) => send([...envelope, bytesOf(reply)]);
      const request = requestIn(frames.at(-1)!);
      if ("kind" in request) {
        const error =
          request.kind === "none"
            ? NO_REQUEST
            : otherWire(request.version, WIRE_VERSION, this.#options.program);
        answer({ ok: false, number: request.number, error });
        continue;
      }
      asked.push({ envelope, peer, program: Buffer.from(frames[0]!).toString("hex"), request });
    }
    for (const one of asked.filter(isNewest)) {
      void this.#answer(one).then((reply) => send([...one.envelope, bytesOf(reply)]));
    }
  }

  /** Ends all of it. */
  end(): void {
    this.#endFeeding();
    this.#drivers.endAll();
  }

  #endFeeding(): void {
    this.#feeding?.abort();
    this.#feeding = undefined;
  }

  async #answer({ peer, program, request }: Asked): Promise<PluginReply> {
    const { number } = request;
    try {
      switch (request.do) {
        case "hello":
          if (!request.again) this.#drivers.greet(program);
          return { ok: true, number, ...(await this.#hello(request.lerobot)) };
        case "drive":
          return { ok: true, number, ...(await this.#drive(peer, program, request)) };
        case "end":
          await this.#drivers.end(peer, program);
          return { ok: true, number, end: true };
      }
    } catch (error) {
      return {
        ok: false,
        number,
        error: error instanceof Refusal ? error.message : this.#options.explain(error),
      };
    }
  }

  #drive(address: string, program: string, { target, seen }: DriveRequest): Promise<Driven> {
    const ageUs = nowUs() - seen;
    // A time that is not here yet is of a machine that was started again since.
    return this.#drivers.drive({
      address,
      program,
      values: target,
      ageUs: ageUs < 0 ? Number.POSITIVE_INFINITY : ageUs,
    });
  }

  async #hello(lerobot: string): Promise<Hello> {
    this.#asking ??= this.#ask();
    const [status, arms] = await this.#asking;
    const warning = unitsWarning(arms.normalisation, lerobot);
    return {
      program: this.#options.program,
      run: this.#run,
      units: arms.normalisation,
      rateHz: arms.rateHz,
      leader: arms.leader.id,
      follower: arms.follower.id,
      state: status.state,
      why: status.why,
      warnings: warning === undefined ? [] : [warning],
      timeUs: nowUs(),
    };
  }

  async #ask(): Promise<readonly [Status, PairArms]> {
    const { sockets } = this.#options;
    try {
      const [status, arms] = await Promise.all([askService(sockets, { do: "status" }), armsOf(sockets)]);
      return [status!, arms];
    } finally {
      this.#asking = undefined;
    }
  }

  #sayOnce(text: string): void {
    if (text !== this.#said) this.#options.say("warning", text);
    this.#said = text;
  }
}
