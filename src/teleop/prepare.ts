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

/** The arms that are here, as they were checked. */
export interface CheckedPair extends Partial<Readonly<Record<Role, CheckedArm>>> {
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

/** The arms that are here, as they were read. */
export type ReadPair = Partial<Readonly<Record<Role, WholeArm>>>;

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
 * Reads arms whole; changes nothing. Takes about 10 ms each. Throws {@link BusError} when a servo falls silent
 * meanwhile, {@link PortError} when a port is lost.
 */
export function readPair(...arms: readonly ReachedArm[]): ReadPair {
  return Object.fromEntries(arms.map((arm) => [arm.role, read(arm)]));
}

/** Checks the arms that were read, against their files and each other. */
export function checkPair(
  read: ReadPair,
  { files, normalisation, gains, clamping = new Set() }: PairRules,
): CheckedPair {
  const leader = read.leader && { ...read.leader, ...files.leader };
  const follower = read.follower && { ...read.follower, ...files.follower, ...(gains && { gains }) };
  const findings = [
    ...(leader ? findingsOf(leader, follower, normalisation) : []),
    ...(follower ? findingsOf(follower, leader, normalisation) : []),
  ];
  const ofSeverity = (wanted: Finding["severity"]) =>
    findings.flatMap(({ severity, problem }) => (severity === wanted ? problem : []));
  return {
    ...(leader && { leader }),
    ...(follower && { follower }),
    faults: [...ofSeverity("fault"), ...(follower ? outOfRange(follower, clamping) : [])],
    warnings: ofSeverity("warning"),
    remarks: [...ofSeverity("info"), ...(follower && gains ? remarksOn(follower, gains) : [])],
    mayPass: findings.some(({ problem: { code } }) => PASSING.has(code)),
  };
}

/** What EEPROM that reads as zeros looks like. */
const PASSING: ReadonlySet<EventCode> = new Set(["calibration.mismatch", "arm.swapped"]);

/** An arm that may be used: its calibration, and by what its servos show that they are configured. */
export interface ConfiguredArm {
  readonly calibration: Calibration;
  readonly marks: Marks;
}

/** What came of configuring the arms. */
export type Configured =
  | Partial<Readonly<Record<Role, ConfiguredArm>>>
  /** What EEPROM does not take: each further try would only wear it. */
  | { readonly stuck: Problem };

/**
 * Configures what differs in arms without faults, in about 5 ms, or 0.4 s when EEPROM must be written; the follower is
 * released before that. The leader's torque is off afterwards, and every lock closed. Never switches any torque on. Throws {@link BusError},
 * {@link PortError}.
 */
export function configurePair({ leader, follower }: CheckedPair): Configured {
  const arms = [leader, follower].filter((arm) => arm !== undefined);
  // What EEPROM holds must not change under a joint that works.
  if (follower && needsEeprom(follower) && torqueState(follower.bus) !== "off") releaseForCertain(follower);
  try {
    const marks = configure(arms);
    // A program that was killed has left them.
    if (follower?.reading.images.some((image) => image?.value("goal_velocity") !== 0)) {
      liftSpeedLimits(follower.bus);
    }
    const configured = arms.map(({ role, calibration }, index) => {
      return [role, { calibration: calibration as Calibration, marks: marks[index]! }];
    });
    return Object.fromEntries(configured);
  } catch (error) {
    if (!(error instanceof EepromError)) throw error;
    const { role, id } = arms.find(({ bus }) => bus === error.bus)!;
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
