/** Who answers on an arm's bus, as asked several times over a while, and what it means when some do not. */

import type { Bus } from "../../feetech/bus.ts";
import { ReadRequest, spanOf } from "../../feetech/requests.ts";
import { sleepForUs } from "../../linux/clock.ts";
import type { ArmIdentity } from "../identity.ts";
import { JOINTS, type JointName } from "../joints.ts";
import type { ArmProblem, BusDamaged } from "../problem.ts";
import type { Remedy } from "../remedy.ts";
import { SERVO_IDS } from "../servos/read.ts";

/** How the six joints answered. */
export interface Answers {
  /** Who never answered when asked alone, in the order of the chain. */
  readonly missing: readonly JointName[];
  /** Those of them whose replies arrive damaged, each time. */
  readonly damaged: readonly JointName[];
}

/** Whose bus it is. */
export interface About {
  readonly arm?: ArmIdentity | undefined;
  readonly path?: string | undefined;
}

/** One servo that is there answers within 2 ms; five that are not must not take long to find out. */
const ALONE_TIMEOUT_US = 10_000;
/** The last time that a servo is asked it may take so long: a slow link may be the reason. */
const LAST_TIMEOUT_US = 40_000;
/** A servo that starts again after a loss of power is silent for up to 0.2 s. */
const JUDGED_AFTER_US = 350_000;
const MOST_TRIES = 16;
const AGAIN_AFTER_US = 30_000;

/**
 * Asks all six servos, together and each alone; undefined when all answer together. With one loose lead the others may
 * not take their turn in a joint read, so who is missing is known only from asking each alone.
 * `before` is what was found last: where it is found again, that is believed at once. Anything else is believed only
 * when it stays so for {@link JUDGED_AFTER_US}. Throws {@link PortError}.
 */
export function askAll(bus: Bus, together: ReadRequest, before: Answers | undefined): Answers | undefined {
  if (bus.exchange(together)) return undefined;
  const heard = new Set<JointName>();
  const isDamaged = new Set<JointName>(JOINTS);
  const listen = (timeoutUs: number) => {
    for (const [index, joint] of JOINTS.entries()) {
      if (together.hasAnswerFrom(index)) heard.add(joint);
      if (heard.has(joint)) continue;
      const answer = askAlone(bus, index, timeoutUs);
      if (answer === "answers") heard.add(joint);
      if (answer !== "damaged") isDamaged.delete(joint);
    }
  };
  const found = (): Answers => {
    const missing = JOINTS.filter((joint) => !heard.has(joint));
    return { missing, damaged: missing.filter((joint) => isDamaged.has(joint)) };
  };
  listen(ALONE_TIMEOUT_US);
  if (before !== undefined && Bun.deepEquals(found().missing, before.missing)) return before;
  const startUs = bus.clock.nowUs();
  for (let tries = 0; tries < MOST_TRIES && bus.clock.nowUs() - startUs < JUDGED_AFTER_US; tries++) {
    sleepForUs(bus.clock, AGAIN_AFTER_US);
    if (bus.exchange(together)) return undefined;
  }
  listen(LAST_TIMEOUT_US);
  return bus.exchange(together) ? undefined : found();
}

function askAlone(bus: Bus, index: number, timeoutUs: number): "answers" | "silent" | "damaged" {
  const id = SERVO_IDS[index]!;
  // What two servos say at once is seldom so much as a packet with a wrong checksum.
  const garbled = () => bus.counters.of(id, "corrupted") + bus.counters.noiseBytes;
  const before = garbled();
  if (bus.exchange(new ReadRequest([id], spanOf("present_position")), timeoutUs)) return "answers";
  return garbled() > before ? "damaged" : "silent";
}

/** What it means that the servos answer so. */
export function problemWith({ missing, damaged }: Answers, about: About): ArmProblem {
  if (missing.length === 0 || damaged.length > 0) return damagedReplies(damaged, missing, about);
  return missingJoints(missing, about);
}

/** Replies that arrive damaged; of these joints, or, where there are none, those to a read of all servos together. */
export function damagedReplies(
  joints: readonly JointName[],
  missing: readonly JointName[],
  about: About,
): BusDamaged {
  const silent = missing.filter((joint) => !joints.includes(joint));
  // Two servos with one id talk at once; the joint that does not answer at all has the one with the wrong id.
  const remedy: Remedy =
    joints.length === 0 || silent[0] === undefined
      ? { do: "check leads" }
      : silent.length === 1
        ? { do: "give id", joint: silent[0] }
        : { do: "give ids" };
  return { code: "bus.damaged", ...about, joints, silent, remedies: [remedy] };
}

/**
 * The problem with joints that do not answer, at least one. The servos are a chain: a loose lead silences every joint
 * behind it. A joint behind which others answer has good leads, and it is its servo that does not answer.
 */
export function missingJoints(missing: readonly JointName[], about: About): ArmProblem {
  if (missing.length === JOINTS.length) {
    return { code: "bus.silent", ...about, remedies: [{ do: "switch power on" }] };
  }
  const lastThatAnswers = JOINTS.findLastIndex((joint) => !missing.includes(joint));
  const to = JOINTS[lastThatAnswers + 1];
  const remedies: Remedy[] = missing
    .filter((joint) => JOINTS.indexOf(joint) < lastThatAnswers)
    .map((joint) => ({ do: "check servo", joint }));
  if (to !== undefined) remedies.push({ do: "check lead", from: JOINTS[lastThatAnswers]!, to });
  return { code: "bus.joints-missing", ...about, joints: missing, remedies };
}
