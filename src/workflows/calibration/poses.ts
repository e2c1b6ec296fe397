/** Two poses of both arms, into which a person puts them by hand. */
import { type ArmsInPose, jointsNotTurned, TURNED_FROM_DEG } from "../../arm/calibration/comparison.ts";
import { isAtRest } from "../../arm/calibration/homing.ts";
import { JOINTS, type JointName, nameWithId, ROLES, type Role } from "../../arm/joints.ts";
import { isPosition } from "../../arm/servos/read.ts";
import { list } from "../../messages/list.ts";
import type { OpenArm } from "../arm-session.ts";
import { positionsAtRest, REST_MS } from "../at-rest.ts";
import type { Operator } from "../operator.ts";
import { pause } from "../pause.ts";

/** Both arms, open and without torque. */
export type OpenArms = Readonly<Record<Role, OpenArm>>;

const LOOK_EVERY_MS = 100;
/** Where nobody says so, arms that have not moved for so long stand in their pose. */
const STANDS_AFTER_MS = 3_000;
/** … and so do arms of which some joint was not turned, after so long, … */
const STANDS_ALL_THE_SAME_AFTER_MS = 15_000;
/** … but for those of which none was: these will not be moved. */
const GIVE_UP_AFTER_MS = 60_000;

const FIRST =
  "First pose: put both arms into the same pose by hand, such as both folded together, grippers closed. Their torque is " +
  "off: hold them, or lay them down.";
const SECOND =
  "Second pose: turn every joint of both arms, the grippers and wrist_roll too, and put both into the same pose again, " +
  "such as both stretched forward, grippers open.";

/** How the second pose is taken: when the person says so, or when the arms stand still in it. */
export type SecondPose = "said" | "seen";

/**
 * Takes two poses. Each is taken once the person says that the arms stand in it, but for a second one that is to be seen;
 * without one the first when the arms are
 * at rest, and the second when nothing has moved for 3 s, or 15 s if not every joint of both arms was turned.
 * Throws an Error that says what keeps a pose from being taken; {@link PortError}; {@link Interrupted}.
 */
export async function takePoses(
  arms: OpenArms,
  operator: Operator,
  how: SecondPose = "said",
): Promise<[ArmsInPose, ArmsInPose]> {
  operator.progress({ step: "first pose" }, FIRST);
  const first = operator.attended
    ? await asked(arms, operator, async () => true)
    : await atRest(arms, GIVE_UP_AFTER_MS, operator);
  operator.tell("done", "The first pose is taken.");
  operator.progress({ step: "second pose" }, SECOND);
  const second =
    operator.attended && how === "said"
      ? await asked(arms, operator, (pose) => isOtherPose(first, pose, operator))
      : await secondWithoutWord(arms, first, operator);
  operator.tell("done", "The second pose is taken.");
  return [first, second];
}

/** A pose that the person says the arms stand in, and that will do. */
async function asked(
  arms: OpenArms,
  operator: Operator,
  willDo: (pose: ArmsInPose) => Promise<boolean>,
): Promise<ArmsInPose> {
  for (;;) {
    if (!(await operator.ask("Do both arms stand in the same pose, and still?"))) continue;
    try {
      const pose = await atRest(arms, 3 * REST_MS, operator);
      if (await willDo(pose)) return pose;
    } catch (error) {
      if (!(error instanceof NoPose)) throw error;
      operator.tell("warning", error.message);
    }
  }
}

/** Whether every joint was turned since the first pose, or the person leaves out those that were not. */
async function isOtherPose(first: ArmsInPose, second: ArmsInPose, operator: Operator): Promise<boolean> {
  const still = jointsNotTurned(first, second);
  if (still.length === 0) return true;
  const [stands, them] =
    still.length === 1 ? ["stands where it did", "it"] : ["stand where they did", "them"];
  operator.tell(
    "warning",
    `${list(still.map(nameWithId))} ${stands}: turn ${them} by ${TURNED_FROM_DEG}° or more, in both arms.`,
  );
  return !(await operator.ask(`Turn ${them} now? No compares the arms without ${them}`));
}

async function secondWithoutWord(arms: OpenArms, first: ArmsInPose, operator: Operator): Promise<ArmsInPose> {
  let stood: ArmsInPose = first;
  let sinceMs = performance.now();
  for (;;) {
    const pose = await atRest(arms, GIVE_UP_AFTER_MS, operator);
    const now = performance.now();
    if (!isSamePose(stood, pose)) [stood, sinceMs] = [pose, now];
    const still = notTurnedInBoth(first, pose);
    const isComplete = still.length === 0;
    const standsAfterMs = isComplete ? STANDS_AFTER_MS : STANDS_ALL_THE_SAME_AFTER_MS;
    if (still.length < JOINTS.length && now - sinceMs >= standsAfterMs) return pose;
    if (now - sinceMs >= GIVE_UP_AFTER_MS) {
      throw new Error(
        `no joint was turned by ${TURNED_FROM_DEG}° in both arms: without that there is no second pose — compare again`,
      );
    }
    await pause(LOOK_EVERY_MS, operator.signal);
  }
}

/** The joints that were not turned in one of the arms: a person moves one arm after the other. */
function notTurnedInBoth(first: ArmsInPose, second: ArmsInPose): JointName[] {
  const of = (role: Role) =>
    jointsNotTurned(
      { leader: first[role], follower: first[role] },
      { leader: second[role], follower: second[role] },
    );
  const still = ROLES.flatMap(of);
  return JOINTS.filter((joint) => still.includes(joint));
}

function isSamePose(one: ArmsInPose, other: ArmsInPose): boolean {
  return ROLES.every((role) =>
    one[role].every((position, index) => isAtRest([position, other[role][index]!])),
  );
}

/** What keeps a pose from being taken, that a person can cure. */
class NoPose extends Error {
  override readonly name = "NoPose";
}

/** Where the joints of both arms are once they are at rest. Throws {@link NoPose} when that is not so in time. */
async function atRest(arms: OpenArms, patienceMs: number, { signal }: Operator): Promise<ArmsInPose> {
  const taken = await Promise.all(
    ROLES.map(async (role) => {
      const positions = await positionsAtRest(arms[role], JOINTS, patienceMs, signal);
      if (!(positions instanceof Map)) throw new NoPose(`${arms[role].name}: ${positions.join("; ")}.`);
      const wrong = JOINTS.filter((joint) => !isPosition(positions.get(joint)!));
      if (wrong.length > 0) {
        throw new NoPose(
          `${arms[role].name}: ${list(wrong.map(nameWithId))} reads no position: switch the arm's power off and on.`,
        );
      }
      return [role, JOINTS.map((joint) => positions.get(joint)!)];
    }),
  );
  return Object.fromEntries(taken) as ArmsInPose;
}
