/** What the attacks on a running service share: waiting until it is as is wanted, and its figures for the report. */
import type { Status } from "../../src/api/protocol.ts";

/** Waits until it is so; throws when that takes longer than `withinMs`. */
export async function until(wanted: () => boolean, withinMs: number): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  while (!wanted()) {
    if (performance.now() > deadlineMs) throw new Error("the service does not follow");
    await Bun.sleep(20);
  }
}

/** How many of 10 000 ticks were late between two looks. */
export function lateOf(from: Status, to: Status): number {
  return rounded((1e4 * (to.lateTicks - from.lateTicks)) / (to.ticks - from.ticks));
}

/** MB of kB. */
export function megabytes(kb: number): number {
  return rounded(kb / 1024);
}

/** With one digit. */
export function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
