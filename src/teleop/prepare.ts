/** From two arms that answer to two arms that may be teleoperated: checking both, then configuring what differs. */
import type { Calibration } from "../arm/calibration/calibration.ts";
import type { NormalisationMode } from "../arm/calibration/normalisation.ts";
import { type Finding, findingsOf } from "../arm/checks/findings.ts";
import { type ReadArm, readWhole } from "../arm/checks/read-whole.ts";
import type { ArmState } from "../arm/checks/state.ts";
import type { ArmIdentity } from "../arm/identity.ts";
import { JOINTS, type JointName, type Role } from "../arm/joints.ts";
import { problemOf } from "../arm/problem-of.ts";
import { type GainsByJoint, LEROBOT_GAINS, type Marks } from "../arm/servos/baseline.ts";
import { type ConfigurableArm, configure, needsEeprom } from "../arm/servos/configure.ts";
import { SERVO_IDS } from "../arm/servos/read.ts";
import { release, torqueState } from "../arm/servos/release.ts";
import { liftSpeedLimits } from "../arm/servos/speed-limit.ts";
import type { Bus } from "../feetech/bus.ts";
import { BusError } from "../feetech/bus-error.ts";
import { EepromError } from "../feetech/eeprom.ts";
import { degreesOutside, nearestWithin, OUTSIDE_WITHIN_STEPS } from "./loop/position-limits.ts";
import type { EventCode } from "./reporting/codes.ts";
import type { Problem } from "./reporting/problem.ts";
import type { PairFiles } from "./shared/questions.ts";

/** An arm whose six servos answer. */
export interface ReachedArm extends ArmIdentity {
  readonly bus: Bus;
}

/** Both arms as they were checked. */
export interface CheckedPair {
  readonly leader: CheckedArm;
  readonly follower: CheckedArm;
  readonly faults: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** What is worth a word, and nothing to worry about. */
  readonly remarks: readonly Problem[];
  /** File and servos disagree, perhaps only because EEPROM was written just now. */
  readonly mayPass: boolean;
}

/** An arm as it was checked. */
export interface CheckedArm extends ArmState, ReadArm, ConfigurableArm {
  readonly reading: ReadArm["reading"];
}

/** An arm of which all was read. */
interface WholeArm extends ReachedArm, ReadArm {}

/** Both arms as they were read. */
export type ReadPair = Readonly<Record<Role, WholeArm>>;

/** What a pair is checked against. */
export interface PairRules {
  readonly files: PairFiles;
  readonly normalisation?: NormalisationMode;
  /** The follower's gains; LeRobot's if left out. */
  readonly gains?: GainsByJoint | undefined;
  /** The follower's joints whose servos would drive them to their limits from outside. */
  readonly clamping?: ReadonlySet<JointName>;
}

/**
 * Reads both arms whole; changes nothing. Takes about 20 ms. Throws {@link BusError} when a servo falls silent
 * meanwhile, {@link PortError} when a port is lost.
 */
export function readPair(leader: ReachedArm, follower: ReachedArm): ReadPair {
  return { leader: read(leader), follower: read(follower) };
}

/** Checks both arms, as they were read, against their files and each other. */
export function checkPair(
  { leader, follower }: ReadPair,
  { files, normalisation, gains, clamping = new Set() }: PairRules,
): CheckedPair {
  const arms = [
    { ...leader, ...files.leader },
    { ...follower, ...files.follower, ...(gains && { gains }) },
  ] as const;
  const findings = arms.flatMap((arm, index) => findingsOf(arm, arms[1 - index], normalisation));
  const ofSeverity = (wanted: Finding["severity"]) =>
    findings.flatMap(({ severity, problem }) => (severity === wanted ? problem : []));
  return {
    leader: arms[0],
    follower: arms[1],
    faults: [...ofSeverity("fault"), ...outOfRange(arms[1], clamping)],
    warnings: ofSeverity("warning"),
    remarks: [...ofSeverity("info"), ...(gains === undefined ? [] : remarksOn(arms[1], gains))],
    mayPass: findings.some(({ problem: { code } }) => PASSING.has(code)),
  };
}

/** What EEPROM that reads as zeros looks like. */
const PASSING: ReadonlySet<EventCode> = new Set(["calibration.mismatch", "arm.swapped"]);

/** Both arms' calibrations. Only for a pair without faults. */
export function calibrationsOf({ leader, follower }: CheckedPair): Readonly<Record<Role, Calibration>> {
  return { leader: leader.calibration as Calibration, follower: follower.calibration as Calibration };
}

/** What came of configuring both arms. */
export type Configured =
  /** By what the servos of each arm show that they are. */
  | { readonly marks: Readonly<Record<Role, Marks>> }
  /** What EEPROM does not take: each further try would only wear it. */
  | { readonly stuck: Problem };

/**
 * Configures what differs, in about 5 ms, or 0.4 s when EEPROM must be written; the follower is released before that.
 * The leader's torque is off afterwards, and every lock closed. Never switches any torque on. Throws {@link BusError},
 * {@link PortError}.
 */
export function configurePair({ leader, follower }: CheckedPair): Configured {
  // What EEPROM holds must not change under a joint that works.
  if (needsEeprom(follower) && torqueState(follower.bus) !== "off") releaseForCertain(follower);
  try {
    const [ofLeader, ofFollower] = configure([leader, follower]);
    // A program that was killed has left them.
    if (follower.reading.images.some((image) => image?.value("goal_velocity") !== 0)) {
      liftSpeedLimits(follower.bus);
    }
    return { marks: { leader: ofLeader!, follower: ofFollower! } };
  } catch (error) {
    if (!(error instanceof EepromError)) throw error;
    const { role, id } = error.bus === follower.bus ? follower : leader;
    return { stuck: problemOf(error, { role, id }) };
  }
}

/** The joints among these that are too far outside of their range to be led back into it. */
function outOfRange({ role, id, reading }: CheckedArm, clamping: ReadonlySet<JointName>): Problem[] {
  return JOINTS.flatMap((joint, index) => {
    const image = reading.images[index];
    if (!image || !clamping.has(joint) || image.value("torque_enable") !== 0) return [];
    const present = image.value("present_position");
    const [min, max] = [image.value("min_position_limit"), image.value("max_position_limit")];
    const outside = Math.abs(present - nearestWithin(min, max, present));
    if (outside <= OUTSIDE_WITHIN_STEPS) return [];
    return { code: "joint.out-of-range", arm: { role, id }, joint, degrees: degreesOutside(outside) };
  });
}

/** Gains that are not LeRobot's. */
function remarksOn({ role, id }: ArmIdentity, gains: GainsByJoint): Problem[] {
  const others = JOINTS.filter((joint) => !Bun.deepEquals(gains[joint], LEROBOT_GAINS));
  if (others.length === 0) return [];
  const told = others.map((joint) => ({ joint, ...gains[joint] }));
  return [{ code: "servo.gains", arm: { role, id }, gains: told }];
}

function releaseForCertain({ bus }: ReachedArm): void {
  const [unconfirmed] = release(bus);
  if (unconfirmed === undefined) return;
  throw new BusError(bus, unconfirmed, "not written", { register: "torque_enable", value: 0 });
}

function read({ role, id, bus }: ReachedArm): WholeArm {
  const whole = readWhole(bus);
  const silent = whole.images.indexOf(null);
  if (silent === -1) return { role, id, bus, ...whole };
  throw new BusError(bus, SERVO_IDS[silent]!, "timeout");
}
