/** What people and programs read of a pair in virtual time: all that it tells, as the service hands it on. */
import { entryOf } from "../../src/daemon/events/event-history.ts";
import { Repeats } from "../../src/daemon/events/repeats.ts";
import { tell } from "../../src/daemon/events/told.ts";
import type { VirtualPair } from "./virtual-pair.ts";

/** A line, and when it was written, s after the start. */
export interface VirtualLine {
  readonly atS: number;
  readonly text: string;
}

/** The lines of the log from now on, as they come. */
export function logLinesOf(it: VirtualPair): readonly VirtualLine[] {
  const lines: VirtualLine[] = [];
  const repeats = new Repeats(
    (event) => {
      const entry = entryOf(event);
      if (entry !== undefined) lines.push({ atS: it.nowS, text: `${entry.message} [${entry.code}]` });
    },
    { nowMs: () => it.nowS * 1e3, later: (act, ms) => it.at(it.nowS + ms / 1e3, act) },
  );
  it.heard = (event) => repeats.take(tell(event, [], { pair: undefined } as never));
  return lines;
}

/** The most that happened within so many seconds, at any time from `fromS` on. */
export function mostWithin(seconds: number, timesS: readonly number[], fromS = 0): number {
  const times = timesS.filter((atS) => atS >= fromS);
  return Math.max(
    0,
    ...times.map((atS, index) => times.slice(0, index + 1).filter((at) => at > atS - seconds).length),
  );
}
