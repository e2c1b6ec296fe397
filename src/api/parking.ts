/** How a parking that somebody asked for ends, by the codes that are told. */

/** Whether a code tells what came of it, be it well or not. */
export function isParkingEnd(code: string): boolean {
  return /\bpair\.(not-)?parked$/.test(code);
}
