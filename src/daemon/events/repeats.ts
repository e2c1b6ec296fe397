/** The one place through which all that is told passes: what happens again and again becomes one line with a count. */
import type { Severity } from "../../teleop/reporting/events.ts";
import { RecentTimes } from "./recent-times.ts";
import type { ToldEvent, ToldSink } from "./told.ts";

/** Events of one kind are told one by one, up to so many within ten seconds and within a minute; … */
const TOLD_OF_A_KIND = { within10S: 5, withinMinute: 10 };
/** … and so many of all kinds, of which one is free again after so long. */
const TOLD_OF_ALL = 20;
const FREE_AGAIN_AFTER_MS = 3_000;
/** The others are counted, and told as so many lines at most, no more often than this. */
const COUNTED_LINES = 3;
const WITHIN_MS = 10_000;

/** What repeats are told by; the process's own if left out. */
export interface RepeatsClock {
  nowMs(): number;
  /** Calls back once, after so long. */
  later(act: () => void, ms: number): void;
}

/** What happened of one kind. */
interface Repeated {
  readonly times: RecentTimes;
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

/** Stands before the sinks: of too many events it makes quiet ones, and lines that count them. */
export class Repeats {
  readonly #sink: ToldSink;
  readonly #clock: RepeatsClock;
  readonly #kinds = new Map<string, Repeated>();
  /** When all lines are free again: each that is told takes one. */
  #allFreeAtMs = Number.NEGATIVE_INFINITY;
  /** The calibrations that were handed on last, by arm: each is handed on when it is another one. */
  readonly #calibrations = new Map<string, string>();
  #isDue = false;

  constructor(sink: ToldSink, clock: RepeatsClock = processClock) {
    this.#sink = sink;
    this.#clock = clock;
  }

  /** Hands an event on, quiet where it is one too many. */
  take(event: ToldEvent): void {
    if (event.kind === "stopped") this.flush();
    if (event.kind === "calibration" && !this.#isNew(event)) return;
    if (event.kind !== "state" && event.kind !== "notice") this.#sink(event);
    else this.#sink(this.#countsTooMany(event) ? { ...event, quiet: true } : event);
  }

  /** Says what was counted so far: the gravest and the most frequent by itself, the others as a sum. */
  flush(): void {
    const counted = [...this.#kinds.values()].filter(({ untold }) => untold > 0);
    const most = counted.toSorted((a, b) => gravity(b.last) - gravity(a.last) || b.untold - a.untold);
    const told = new Set(most.slice(0, COUNTED_LINES));
    const others = most.slice(COUNTED_LINES);
    const sum = others.reduce((count, { untold }) => count + untold, 0);
    const lines = counted.filter((repeated) => told.has(repeated));
    for (const repeated of lines) {
      const isLast = repeated === lines.at(-1) && sum > 0;
      this.#tell(
        repeated,
        isLast
          ? `; ${others.length} other ${others.length === 1 ? "kind" : "kinds"} of events, ${sum} in all`
          : "",
      );
    }
    for (const repeated of others) repeated.untold = 0;
  }

  #isNew({ role, calibration }: Extract<ToldEvent, { kind: "calibration" }>): boolean {
    const text = JSON.stringify(calibration);
    if (this.#calibrations.get(role) === text) return false;
    this.#calibrations.set(role, text);
    return true;
  }

  /** Counts an event; true when it is one of too many. What is quiet already does not count. */
  #countsTooMany(event: Tellable): boolean {
    if (event.quiet) return false;
    const nowMs = this.#clock.nowMs();
    const key = kindOf(event);
    const repeated = this.#kinds.get(key) ?? {
      times: new RecentTimes(TOLD_OF_A_KIND),
      untold: 0,
      last: event,
    };
    this.#kinds.set(key, repeated);
    repeated.last = event;
    const isNews = gravity(event) === GRAVEST && repeated.times.countWithinMinute(nowMs) === 0;
    const freeAtMs = Math.max(this.#allFreeAtMs, nowMs) + FREE_AGAIN_AFTER_MS;
    const areTaken = freeAtMs - nowMs > TOLD_OF_ALL * FREE_AGAIN_AFTER_MS;
    const isTooMany = repeated.times.add(nowMs) || (areTaken && !isNews);
    if (!isTooMany) {
      this.#allFreeAtMs = freeAtMs;
      return false;
    }
    repeated.untold++;
    if (!this.#isDue) {
      this.#isDue = true;
      this.#clock.later(() => {
        this.#isDue = false;
        this.flush();
      }, WITHIN_MS);
    }
    return true;
  }

  #tell(repeated: Repeated, others: string): void {
    const { untold, last } = repeated;
    repeated.untold = 0;
    const { code, role } = last;
    const isState = last.kind === "state";
    this.#sink({
      kind: "notice",
      severity: isState ? "info" : last.severity,
      message: `${isState ? `${last.to}: ${last.why}` : last.message} (${untold} more ${untold === 1 ? "time" : "times"} within 10 s${others})`,
      code,
      ...(role !== undefined && { role }),
    });
  }
}

const SEVERITIES: readonly Severity[] = ["info", "warning", "fault"];
const GRAVEST = SEVERITIES.length - 1;

function gravity(event: Tellable): number {
  if (event.kind === "state") return event.to === "faulted" ? GRAVEST : 0;
  return SEVERITIES.indexOf(event.severity);
}

/** Of one kind are the same state, or notices of one code and arm, beginnings and ends apart. */
function kindOf(event: Tellable): string {
  if (event.kind === "state") return `${event.to} ${event.code}`;
  return `${event.cleared === true ? "cleared" : "told"} ${event.code}`;
}
