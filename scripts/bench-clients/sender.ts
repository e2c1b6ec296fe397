/** Sending targets that are all different, and noting when: by that their goals are found again. */
import { setTimeout as passed } from "node:timers/promises";
import { nowUs } from "../../src/linux/clock.ts";
import type { Reading } from "../links-network/matching.ts";
import { Random } from "../random.ts";
import type { Sender } from "./ways.ts";

/** How far the first joint goes, in targets there and back; the second one counts how often. */
const THERE = 100;
/** A target may be so much later than its time, of a period: that it meets the loop's ticks at any time. */
const JITTER = 0.5;

/** All joints at `middle`, but for two: no two of so many targets are equal, and none is far from the one before. */
export function targetOf(number: number, middle: readonly number[], stepsEach: number): number[] {
  const back = number % (2 * THERE);
  const [first = 0, second = 0, ...others] = middle;
  return [
    first + stepsEach * (back < THERE ? back : 2 * THERE - back),
    second + Math.floor(number / THERE),
    ...others,
  ];
}

/** How commands come: so many a second, each so many steps from the one before. */
export interface Rate {
  readonly rateHz: number;
  readonly stepsEach: number;
}

/** Sends at a rate for so long; when each was sent, and which goals are to be made of it. */
export async function sendAt(
  { rateHz, stepsEach }: Rate,
  seconds: number,
  middle: readonly number[],
  sender: Pick<Sender, "send">,
): Promise<Reading[]> {
  const random = new Random(rateHz);
  const sent: Reading[] = [];
  const fromUs = nowUs();
  const periodUs = 1e6 / rateHz;
  for (let number = 0; number < rateHz * seconds; number++) {
    const dueUs = fromUs + (number + random.between(0, JITTER)) * periodUs;
    const waitMs = (dueUs - nowUs()) / 1e3;
    if (waitMs > 0) await passed(waitMs);
    const target = targetOf(number, middle, stepsEach);
    sent.push({ atUs: nowUs(), goals: target.join() });
    if (!sender.send(target)) throw new Error(`nobody takes commands any more, after ${number}`);
  }
  return sent;
}
