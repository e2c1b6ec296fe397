/** What comes over the network for a pair to do: looked at, bounded, done through the control socket, and answered. */
import { ApiError, askService } from "../../api/client.ts";
import type { Status, Tellable } from "../../api/protocol.ts";
import type { Message } from "../broker/connection.ts";
import {
  FLEET_COMMANDS,
  FLEET_VERSION,
  type FleetCommand,
  type FleetReply,
  readCommand,
} from "./protocol.ts";

/** Of each kind so many within so long: a flood of one keeps nobody from another, least of all from a release. */
const MOST_OF_A_KIND = 10;
const WITHIN_MS = 10_000;
/** A release takes a second, and two more where no servo answers. */
const PATIENCE_MS = 6_000;
const LOOK_EVERY_MS = 200;

/** How a wish shows in the mode of the status. */
const modes = { pause: "paused", release: "released" } as const;

/** Whom commands reach, and who hears what came of them. */
export interface CommandPlace {
  /** Where the pair's service may listen: whoever has the arms there is to obey. */
  readonly sockets: readonly string[];
  /** Has the service tell it as an event. */
  tell(what: Tellable): void;
  /** What was thrown when it was asked, as a sentence. */
  explain(error: unknown): string;
  /** Answers the publisher of a message, where he wants that. */
  reply(message: Message, reply: FleetReply): void;
  readonly signal: AbortSignal;
}

/** Obeys commands. */
export class Commands {
  readonly #place: CommandPlace;
  readonly #times: Readonly<Record<FleetCommand, number[]>> = { pause: [], release: [], resume: [] };
  /** What is under way: asked for again meanwhile it is asked again, and watched once. */
  readonly #watched = new Map<FleetCommand, Promise<string | undefined>>();

  constructor(place: CommandPlace) {
    this.#place = place;
  }

  /** Does what a message asks for, unless it is none that may be obeyed. Never throws. */
  take(message: Message): void {
    // The broker forgets a command that it had kept.
    if (message.payload.length === 0) return;
    if (message.isRetained) {
      this.#ignore(message, "network command retained", "a retained command is never obeyed");
      return;
    }
    const reading = readCommand(message.payload);
    if (reading.is !== "read") {
      const wanted = `{"v":${FLEET_VERSION},"do":"${FLEET_COMMANDS.join("|")}"}`;
      this.#ignore(message, "network command unknown", `a command is ${wanted}`);
      return;
    }
    const wish = reading.read.do;
    if (this.#isTooOften(wish, performance.now())) {
      this.#ignore(message, "network commands too many", "too many of these have come", wish);
      return;
    }
    void this.#obey(wish, message);
  }

  #ignore(message: Message, what: Tellable, error: string, wish?: FleetCommand): void {
    this.#place.tell(what);
    this.#place.reply(message, { v: FLEET_VERSION, ok: false, ...(wish && { do: wish }), error });
  }

  #isTooOften(wish: FleetCommand, nowMs: number): boolean {
    const times = this.#times[wish];
    while (times.length > 0 && nowMs - times[0]! > WITHIN_MS) times.shift();
    if (times.length >= MOST_OF_A_KIND) return true;
    times.push(nowMs);
    return false;
  }

  async #obey(wish: FleetCommand, message: Message): Promise<void> {
    const asked = this.#ask(wish);
    this.#place.tell(`network ${wish}`);
    const error = (await asked) ?? (wish === "resume" ? undefined : await this.#seen(wish));
    if (error !== undefined) this.#place.tell("network command not done");
    this.#place.reply(
      message,
      error === undefined
        ? { v: FLEET_VERSION, ok: true, do: wish }
        : { v: FLEET_VERSION, ok: false, do: wish, error },
    );
  }

  /** Asks whoever listens, as who has the arms may change; why it is not done, where nobody takes it. */
  async #ask(wish: FleetCommand): Promise<string | undefined> {
    const { sockets, explain } = this.#place;
    const answers = await Promise.allSettled(sockets.map((path) => askService([path], { do: wish })));
    if (answers.some(({ status }) => status === "fulfilled")) return undefined;
    const errors = answers.map((answer) => (answer as PromiseRejectedResult).reason);
    return explain(errors.find((error) => !isNotRunning(error)) ?? errors[0]);
  }

  #seen(wish: "pause" | "release"): Promise<string | undefined> {
    const watched = this.#watched.get(wish) ?? this.#watch(wish).finally(() => this.#watched.delete(wish));
    this.#watched.set(wish, watched);
    return watched;
  }

  /** Waits until what was asked for was seen; what was seen instead. */
  async #watch(wish: "pause" | "release"): Promise<string | undefined> {
    const { sockets, signal, explain } = this.#place;
    const deadlineMs = performance.now() + PATIENCE_MS;
    for (let status: Status | undefined; ; await Bun.sleep(LOOK_EVERY_MS)) {
      try {
        status = await askService(sockets, { do: "status" });
      } catch (error) {
        return explain(error);
      }
      if (status?.mode !== modes[wish]) return "something else was asked for meanwhile";
      if (status.isObeyed === true) return undefined;
      if (performance.now() > deadlineMs || signal.aborted)
        return `asked for, and not seen done yet: ${status.why}`;
    }
  }
}

function isNotRunning(error: unknown): boolean {
  return error instanceof ApiError && error.problem.kind === "not running";
}
