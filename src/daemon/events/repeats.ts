/** Tells what happens again and again as one line with a count, so that a log stays readable. */
import type { ToldEvent, ToldSink } from "./told.ts";

/** So many events of one kind … */
const TOLD_AT_MOST = 5;
/** … within so long are told one by one; the others as a count, no more often than this. */
const WITHIN_MS = 10_000;

/** What repeats are told by; the process's own if left out. */
export interface RepeatsClock {
  nowMs(): number;
  /** Calls back once, after so long. */
  later(act: () => void, ms: number): void;
}

/** What happened of one kind. */
interface Repeated {
  /** When, within the last {@link WITHIN_MS}. */
  times: number[];
  /** How many were not told. */
  untold: number;
  last: Tellable;
}

/** What people read a line of. */
type Tellable = Extract<ToldEvent, { kind: "state" | "notice" }>;

const processClock: RepeatsClock = {
  nowMs: () => performance.now(),
  later: (act, ms) => void setTimeout(act, ms).unref(),
};

/** Stands before a sink: of many events of one kind within 10 s it makes quiet ones, and a line that counts them. */
export class Repeats {
  readonly #sink: ToldSink;
  readonly #clock: RepeatsClock;
  readonly #kinds = new Map<string, Repeated>();

  constructor(sink: ToldSink, clock: RepeatsClock = processClock) {
    this.#sink = sink;
    this.#clock = clock;
  }

  /** Hands an event on, quiet where it is one too many. */
  take(event: ToldEvent): void {
    if (event.kind === "stopped") this.flush();
    if (event.kind !== "state" && event.kind !== "notice") this.#sink(event);
    else this.#sink(this.#countsTooMany(event) ? { ...event, quiet: true } : event);
  }

  /** Says what was counted so far. */
  flush(): void {
    for (const repeated of this.#kinds.values()) this.#tell(repeated);
  }

  /** Counts an event; true when it is one of too many. What is quiet already does not count. */
  #countsTooMany(event: Tellable): boolean {
    if (event.quiet) return false;
    const nowMs = this.#clock.nowMs();
    const key = kindOf(event);
    const repeated = this.#kinds.get(key) ?? { times: [], untold: 0, last: event };
    this.#kinds.set(key, repeated);
    repeated.times = [...repeated.times.filter((at) => nowMs - at < WITHIN_MS), nowMs];
    repeated.last = event;
    if (repeated.times.length <= TOLD_AT_MOST) return false;
    if (repeated.untold === 0) this.#clock.later(() => this.#tell(repeated), WITHIN_MS);
    repeated.untold++;
    return true;
  }

  #tell(repeated: Repeated): void {
    const { untold, last } = repeated;
    if (untold === 0) return;
    repeated.untold = 0;
    const { code, role } = last;
    const isState = last.kind === "state";
    this.#sink({
      kind: "notice",
      severity: isState ? "info" : last.severity,
      message: `${isState ? `${last.to}: ${last.why}` : last.message} (${untold} more ${untold === 1 ? "time" : "times"} within 10 s)`,
      code,
      ...(role !== undefined && { role }),
    });
  }
}

/** Of one kind are the same state, or notices of one code and arm, beginnings and ends apart. */
function kindOf(event: Tellable): string {
  if (event.kind === "state") return `${event.to} ${event.code}`;
  return `${event.cleared === true ? "cleared" : "told"} ${event.code}`;
}
