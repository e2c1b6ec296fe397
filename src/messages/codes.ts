/** What the codes of events mean, in words. */
import { eventCodes } from "../teleop/reporting/codes.ts";

/** What a code stands for, as it is written: `SO101-E014 leader.bus.silent`; undefined for one that nobody here knows. */
export function meaningOfCode(code: string): string | undefined {
  const number = Number(/^SO101-E(\d{3,}) /.exec(code)?.[1]);
  return Object.values(eventCodes).find(([known]) => known === number)?.[1];
}
