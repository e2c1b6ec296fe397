/** Finding an adapter that holds back what has come, although it was told not to. */
import { readFileSync, realpathSync } from "node:fs";
import { basename } from "node:path";

/** The shortest that a latency timer can be set to, ms. */
const SHORTEST_MS = 1;

/** An adapter that holds back what has come until it has more, or the time is over. */
export interface LatencyTimer {
  /** For how long at most. */
  readonly ms: number;
  /** The file that sets it. */
  readonly file: string;
}

/** The latency timer of the adapter behind a port, where it has one and is set to more than it need be. Never throws. */
export function latencyTimerOf(path: string, ttys = "/sys/class/tty"): LatencyTimer | undefined {
  try {
    const file = `${ttys}/${basename(realpathSync(path))}/device/latency_timer`;
    const ms = Number.parseInt(readFileSync(file, "latin1"), 10);
    return ms > SHORTEST_MS ? { ms, file } : undefined;
  } catch {
    return undefined;
  }
}
