/** Answers what is asked on the control socket, no more often than anybody needs. */
import { type ControlRequest, PROTOCOL_VERSION, requestSchema } from "../../api/protocol.ts";
import type { Stream } from "../requests/client.ts";
import { requestOf } from "../requests/request-line.ts";
import type { Sender } from "../requests/request-server.ts";
import { refusal, success } from "./lines.ts";
import type { ApiSubject, Samples } from "./server.ts";

/** What a connection stands for, one thing each: what it stood for before would not end with it. */
const HELD_BY_A_CONNECTION: ReadonlySet<ControlRequest["do"]> = new Set([
  "lend",
  "network",
  "drive",
  "recorder",
]);
const STANDS_ALREADY = "this connection stands for something already — ask on another one";

/** A status is made no more often than in so long, however many ask for it, but for what a command has changed. */
const STATUS_EVERY_MS = 20;
/** So many different requests are checked once, and then known. */
const MOST_KNOWN = 64;

/** What is answered by doing it. */
type Doable =
  | Extract<ControlRequest, { readonly do: "tell" | "heard" | "unsent" | "follow" | "yield" | "record" }>
  | { readonly do: "pause" | "resume" | "release" | "park" | "reload" };

/** Answers requests for a service. */
export class Answerer {
  readonly #subject: ApiSubject;
  #status = "";
  #statusMs = Number.NEGATIVE_INFINITY;
  readonly #known = new Map<string, ControlRequest>();

  constructor(subject: ApiSubject) {
    this.#subject = subject;
  }

  /** The answer to a request, a line; undefined where it comes later. */
  answer(text: string, sender: Sender): string | undefined {
    const request = this.#requestOf(text);
    if (typeof request === "string") return refusal(request);
    if (HELD_BY_A_CONNECTION.has(request.do) && sender.held !== undefined) return refusal(STANDS_ALREADY);
    switch (request.do) {
      case "watch":
        return sender.watch(this.#statusStream(request.everyMs))
          ? this.#statusLine()
          : refusal(TOO_MANY_WATCH);
      case "samples": {
        const { everyMs, perSecond } = request;
        const samples =
          perSecond === undefined ? this.#subject.samples(everyMs!) : this.#subject.frames(perSecond);
        if (sender.watch(sampleStream(samples))) return success({});
        samples.ended?.();
        return refusal(TOO_MANY_WATCH);
      }
      case "status":
        return this.#statusLine();
      case "lend": {
        const loan = this.#subject.lend(request.for, sender);
        this.#statusMs = Number.NEGATIVE_INFINITY;
        if (typeof loan === "string") return refusal(loan);
        sender.hold(loan);
        return undefined;
      }
      case "network": {
        const carrying = this.#subject.network();
        if (typeof carrying === "string") return refusal(carrying);
        sender.hold(carrying);
        return undefined;
      }
      case "drive": {
        const drive = this.#subject.drive(request, sender);
        if (typeof drive === "string") return refusal(drive);
        sender.hold(drive);
        return undefined;
      }
      case "recorder": {
        const recorder = this.#subject.recorder(sender);
        if (typeof recorder === "string") return refusal(recorder);
        sender.hold(recorder);
        return success({});
      }
      case "recording": {
        const { v: _, do: __, ...recording } = request;
        const obstacle = this.#subject.recording(sender.held, recording);
        this.#statusMs = Number.NEGATIVE_INFINITY;
        return obstacle === undefined ? success({}) : refusal(obstacle);
      }
      case "arms":
        return success({ arms: this.#subject.arms() });
      case "events":
        return success({ events: this.#subject.events(request.after) });
      default: {
        const obstacle = this.#do(request);
        this.#statusMs = Number.NEGATIVE_INFINITY; // It may have changed.
        return obstacle === undefined ? success({}) : refusal(obstacle);
      }
    }
  }

  /** Does what is asked; why not, where it cannot be done. */
  #do(request: Doable): string | undefined {
    switch (request.do) {
      case "tell":
        return this.#subject.tell(request.what, request.machine, request.client);
      case "heard":
        return this.#subject.heard(request.leader, request);
      case "unsent":
        return this.#subject.unsent(request.trouble);
      case "follow":
        return this.#subject.follow(request.leader);
      case "yield":
        return this.#subject.yield(request.epoch);
      case "record":
        return this.#subject.record(request.order);
      case "reload":
        this.#subject.reload();
        return undefined;
      default:
        return this.#subject[request.do]();
    }
  }

  #requestOf(text: string): ControlRequest | string {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const request = parse(text);
    if (typeof request === "string") return request;
    if (this.#known.size === MOST_KNOWN) this.#known.clear();
    this.#known.set(text, request);
    return request;
  }

  #statusStream(everyMs: number): Stream {
    return { everyMs, flow: (client) => void client.say(this.#statusLine()) };
  }

  #statusLine(): string {
    const nowMs = performance.now();
    if (nowMs - this.#statusMs >= STATUS_EVERY_MS) {
      this.#status = success({ status: this.#subject.status() });
      this.#statusMs = nowMs;
    }
    return this.#status;
  }
}

const TOO_MANY_WATCH = "too many watch";

/** So many samples are said at once, where so many have become due. */
const MOST_AT_ONCE = 16;

function sampleStream(samples: Samples): Stream {
  return {
    everyMs: samples.everyMs,
    isPatient: samples.isPatient === true,
    flow(client) {
      while (!client.isBehind) {
        let lines = "";
        for (let count = 0; count < MOST_AT_ONCE; count++) {
          const sample = samples.next();
          if (sample === undefined) break;
          lines += success({ sample });
        }
        if (lines === "") return;
        client.say(lines);
      }
      samples.lose();
    },
    ended: () => samples.ended?.(),
  };
}

/** The request, or what is wrong with it. */
function parse(text: string): ControlRequest | string {
  return requestOf(text, PROTOCOL_VERSION, requestSchema, (asked) => {
    const version = typeof asked === "number" ? `version ${asked}` : "no version";
    return `this service speaks version ${PROTOCOL_VERSION} of the protocol, and was asked in ${version}`;
  });
}
