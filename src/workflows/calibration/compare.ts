/** Comparing the two arms of a pair: do their calibrations agree, in two poses into which a person puts both by hand? */
import type { Calibration } from "../../arm/calibration/calibration.ts";
import {
  type Agreement,
  comparisonOf,
  DISAGREE_FROM_DEG,
  isApart,
  type JointComparison,
} from "../../arm/calibration/comparison.ts";
import { findingsOf } from "../../arm/checks/findings.ts";
import { inspectArm } from "../../arm/checks/inspect.ts";
import { nameWithId, type Role } from "../../arm/joints.ts";
import type { ChosenArm } from "../../config/choose-arm.ts";
import { command } from "../../messages/audience.ts";
import { list } from "../../messages/list.ts";
import { sayProblem } from "../../messages/problems.ts";
import { type OpenArm, withArms } from "../arm-session.ts";
import type { Operator } from "../operator.ts";
import { releaseFirst } from "../release.ts";
import { type OpenArms, type SecondPose, takePoses } from "./poses.ts";

/** What came of a comparison. */
export interface ComparedArms {
  /** False when a joint of the two arms is 5° or more apart. */
  readonly agree: boolean;
}

/**
 * Says how far apart the joints of two arms are that stand in the same pose, with the cure of what is too far. Both arms
 * are released first, once the person agrees; no torque is switched on.
 * Throws an Error for arms that could not be teleoperated either; what {@link takePoses} and {@link withArms} throw.
 */
export function compareArms(
  chosen: Readonly<Record<Role, ChosenArm>>,
  operator: Operator,
  second?: SecondPose,
): Promise<ComparedArms> {
  const wish = { access: "torque off", purpose: "compare poses" } as const;
  return withArms([chosen.leader, chosen.follower], wish, operator, ([leader, follower]) =>
    compareOpenArms({ leader: leader!, follower: follower! }, operator, second),
  );
}

/** Compares arms that are open. Throws as {@link compareArms}. */
export async function compareOpenArms(
  arms: OpenArms,
  operator: Operator,
  second?: SecondPose,
): Promise<ComparedArms> {
  const calibrations = calibrationsOf(arms, operator);
  await releaseFirst(arms.follower, operator);
  await releaseFirst(arms.leader, operator);
  const poses = await takePoses(arms, operator, second);
  const joints = comparisonOf(poses, calibrations, arms.follower.normalisation ?? "range");
  const told = joints.map(({ joint, agreement, apart }) => ({
    joint,
    agreement,
    apartDeg: apart.map(tenth),
  }));
  operator.event(
    { event: "compared", leader: arms.leader.id, follower: arms.follower.id, joints: told },
    { tone: "info", message: table(joints).join("\n") },
  );
  const apart = joints.filter(isApart);
  for (const one of apart) operator.tell("fault", sayApart(one, arms, calibrations, operator));
  const unknown = joints.filter((one) => one.agreement === "not turned" && !isApart(one));
  if (unknown.length > 0) {
    const who = list(unknown.map(({ joint }) => nameWithId(joint)));
    operator.tell("warning", `not turned: ${who} — whether both arms turn the same way there is not known.`);
  }
  if (apart.length === 0) {
    operator.tell(
      "done",
      `${arms.leader.name} and ${arms.follower.name} agree within ${DISAGREE_FROM_DEG}°.`,
    );
  }
  return { agree: apart.length === 0 };
}

/** Both calibrations. Throws an Error that says what keeps the arms from being compared, or teleoperated. */
function calibrationsOf(arms: OpenArms, operator: Operator): Record<Role, Calibration> {
  const inspect = (arm: OpenArm) => inspectArm(arm, arm.bus, arm.calibrations);
  const [leader, follower] = [inspect(arms.leader), inspect(arms.follower)];
  const findings = [...findingsOf(leader, follower), ...findingsOf(follower, leader)];
  const fault = findings.find(({ severity }) => severity === "fault");
  if (fault !== undefined) throw new Error(sayProblem(fault.problem, operator.audience));
  return {
    leader: leader.calibration as Calibration,
    follower: follower.calibration as Calibration,
  };
}

const notes: Readonly<Record<Agreement, string>> = {
  agrees: "",
  offset: "offset",
  inverted: "turns the other way",
  scaled: "turns by another angle",
  "not turned": "was not turned",
};

function table(joints: readonly JointComparison[]): string[] {
  const head = "How far the follower stands from where its leader has it:";
  const row = (joint: string, first: string, second: string, note: string) =>
    `${joint.padEnd(14)}${first.padStart(11)}${second.padStart(13)}  ${note}`.trimEnd();
  return [
    head,
    row("joint", "first pose", "second pose", ""),
    ...joints.map(({ joint, agreement, apart: [first, second] }) =>
      row(joint, signed(first), signed(second), notes[agreement]),
    ),
  ];
}

/** A joint that is too far apart: how, why, and what to do. */
function sayApart(
  comparison: JointComparison,
  arms: OpenArms,
  calibrations: Readonly<Record<Role, Calibration>>,
  operator: Operator,
): string {
  const { joint, agreement, apart } = comparison;
  const [first, second] = apart.map((angle) => `${Math.round(Math.abs(angle))}°`);
  const by =
    first === second ? `${first} in both poses` : `${first} in the first pose and ${second} in the second`;
  const what = `${nameWithId(joint)} of the two arms is apart by ${by}`;
  switch (agreement) {
    case "inverted":
      return `${what}: the follower's turns the other way — ${cureOfInversion(comparison, arms, calibrations)}`;
    case "not turned":
      return `${what}: it was not turned enough to tell why — compare again, with it in two different poses`;
    case "offset":
      return `${what}: one of the two was calibrated in another way — ${cureOfRange(comparison, operator)}`;
    default:
      return `${what}: it turns by another angle than its leader — ${cureOfRange(comparison, operator)}`;
  }
}

/** LeRobot, and so this program, leaves `drive_mode` out of account in degrees, but for the gripper. */
function cureOfInversion(
  { joint }: JointComparison,
  { follower }: OpenArms,
  calibrations: Readonly<Record<Role, Calibration>>,
): string {
  const file = follower.calibrations.find(follower);
  const turned = `"drive_mode" of ${joint} in ${file} to ${1 - calibrations.follower[joint].drive_mode}`;
  const again = "then compare again";
  return follower.normalisation === "degrees" && joint !== "gripper"
    ? `build its servo in the other way round; or set normalisation = "range" in the configuration and ${turned}, ${again}`
    : `set ${turned}, ${again}`;
}

function cureOfRange({ joint, sweptLess }: JointComparison, { audience }: Operator): string {
  const calibrate = (role: Role) => `"${command(audience, "calibrate", role, "--joint", joint)}"`;
  if (sweptLess !== undefined) {
    return (
      `the ${sweptLess}'s was probably not moved to both ends when it was calibrated, for its range is smaller: ` +
      `calibrate it again with ${calibrate(sweptLess)}`
    );
  }
  return `calibrate it again with ${calibrate("follower")}, and if that does not help, with ${calibrate("leader")}`;
}

function signed(angle: number): string {
  const figure = tenth(angle).toFixed(1);
  return `${angle > 0 && Number(figure) !== 0 ? "+" : ""}${figure}°`;
}

function tenth(angle: number): number {
  return Math.round(angle * 10) / 10 + 0;
}
