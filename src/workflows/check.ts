/** One line of the doctor's: something that was looked at, how it is, and what to do. */

/** How something is: as it should be, worth a thought, in the way of teleoperation. */
export type Level = "ok" | "warning" | "broken";

/** What was found. */
export interface Check {
  /** What was looked at, in a word or two: `Raspberry Pi's supply`. */
  readonly area: string;
  readonly level: Level;
  /** How it is, with figures. */
  readonly message: string;
  /** What to do, where there is something to do. */
  readonly cure?: string;
}

/** It is as it should be. */
export function ok(area: string, message: string): Check {
  return { area, level: "ok", message };
}

/** It works and could be better; a message that says what to do itself needs no cure beside it. */
export function warning(area: string, message: string, cure?: string): Check {
  return { area, level: "warning", message, ...(cure !== undefined && { cure }) };
}

/** It keeps the arms from being teleoperated; for the cure see {@link warning}. */
export function broken(area: string, message: string, cure?: string): Check {
  return { area, level: "broken", message, ...(cure !== undefined && { cure }) };
}
