/** Reading the servos of an arm, of which some may not answer. */
import type { Bus } from "../../feetech/bus.ts";
import { ReadRequest, type RegisterSpan } from "../../feetech/requests.ts";
import { SERVO_IDS } from "./read.ts";

/** A servo is asked so often before it counts as silent. */
export const TRIES = 3;

/** What each servo answers, in the joints' order; undefined for those that do not, so many tries each. */
export function readOfAll(bus: Bus, span: RegisterSpan, tries: number = TRIES): (ReadRequest | undefined)[] {
  const together = new ReadRequest(SERVO_IDS, span);
  bus.exchange(together);
  return SERVO_IDS.map((id, joint) => {
    const alone = new ReadRequest([id], span);
    if (together.hasAnswerFrom(joint)) {
      alone.data.set(together.image(joint));
      return alone;
    }
    for (let attempt = 1; attempt < tries; attempt++) {
      if (bus.exchange(alone)) return alone;
    }
    return undefined;
  });
}
