/** From two arms that answer to two arms that may be teleoperated: checking both, then configuring what differs. */
import type { Calibration } from "../arm/calibration/calibration.ts";
import { CalibrationStore } from "../arm/calibration/store.ts";
import { type Finding, findingsOf } from "../arm/checks/findings.ts";
import { type InspectedArm, inspectArm } from "../arm/checks/inspect.ts";
import type { ArmIdentity } from "../arm/identity.ts";
import { JOINTS, type Role } from "../arm/joints.ts";
import { problemOf } from "../arm/problem-of.ts";
import { type GainsByJoint, LEROBOT_GAINS } from "../arm/servos/baseline.ts";
import { type ConfigurableArm, configure, needsEeprom } from "../arm/servos/configure.ts";
import { SERVO_IDS } from "../arm/servos/read.ts";
import { release, torqueState } from "../arm/servos/release.ts";
import type { Bus } from "../feetech/bus.ts";
import { BusError } from "../feetech/bus-error.ts";
import { EepromError } from "../feetech/eeprom.ts";
import type { EventCode } from "./reporting/codes.ts";
import type { Problem } from "./reporting/problem.ts";

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
export interface CheckedArm extends InspectedArm, ConfigurableArm {
  readonly reading: InspectedArm["reading"];
}

/**
 * Reads both arms whole and checks them against their files and each other; changes nothing. Takes about 20 ms.
 * Throws {@link BusError} when a servo falls silent meanwhile, {@link PortError} when a port is lost.
 */
export function checkPair(
  leader: ReachedArm,
  follower: ReachedArm,
  calibrationDir: string,
  gains?: GainsByJoint,
): CheckedPair {
  const calibrations = new CalibrationStore(calibrationDir);
  const arms = [
    inspect(leader, calibrations),
    { ...inspect(follower, calibrations), ...(gains && { gains }) },
  ] as const;
  const findings = arms.flatMap((arm, index) => findingsOf(arm, arms[1 - index]));
  const ofSeverity = (wanted: Finding["severity"]) =>
    findings.flatMap(({ severity, problem }) => (severity === wanted ? problem : []));
  return {
    leader: arms[0],
    follower: arms[1],
    faults: ofSeverity("fault"),
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

/**
 * Configures what differs, in about 5 ms, or 0.4 s when EEPROM must be written; the follower is released before that.
 * The leader's torque is off afterwards. Never switches any torque on. Returns what EEPROM does not take, for which
 * each further try would only wear it. Throws {@link BusError}, {@link PortError}.
 */
export function configurePair({ leader, follower }: CheckedPair): Problem | undefined {
  // What EEPROM holds must not change under a joint that works.
  if (needsEeprom(follower) && torqueState(follower.bus) !== "off") releaseForCertain(follower);
  try {
    configure([leader, follower]);
    return undefined;
  } catch (error) {
    if (!(error instanceof EepromError)) throw error;
    const { role, id } = error.bus === follower.bus ? follower : leader;
    return problemOf(error, { role, id });
  }
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

function inspect(arm: ReachedArm, calibrations: CalibrationStore): CheckedArm {
  const { bus } = arm;
  const inspected = inspectArm(arm, bus, calibrations);
  const silent = inspected.images.indexOf(null);
  if (silent === -1) return { ...inspected, bus };
  throw new BusError(bus, SERVO_IDS[silent]!, "timeout");
}
