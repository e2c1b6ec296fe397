/** From two arms that answer to two arms that may be teleoperated: calibrations, checks, configuration. */
import type { Calibration } from "../arm/calibration/calibration.ts";
import { CalibrationStore } from "../arm/calibration/store.ts";
import { type ConfigurableArm, configure, needsEeprom } from "../arm/configure.ts";
import { type ArmState, findingsOf } from "../arm/findings.ts";
import { type InspectedArm, inspectArm } from "../arm/inspect.ts";
import type { Role } from "../arm/joints.ts";
import { type ArmReading, SERVO_IDS } from "../arm/read.ts";
import { release, torqueState } from "../arm/release.ts";
import { type Bus, BusError } from "../feetech/bus.ts";
import { EEPROM_SETTLE_US, EepromError } from "../feetech/eeprom.ts";
import { sleepForUs } from "../linux/clock.ts";
import type { FindingOf } from "./herald.ts";

/** An arm whose six servos answer. */
export interface ReachableArm {
  readonly role: Role;
  readonly id: string;
  readonly bus: Bus;
}

/** Both arms' calibrations, or what keeps the arms from being used. */
export interface Connection {
  readonly findings: readonly FindingOf[];
  /** There when no finding is a fault. */
  readonly calibrations?: Readonly<Record<Role, Calibration>>;
  /** True when EEPROM did not take a value: each further try would wear it. */
  readonly gaveUp?: true;
}

/**
 * Reads both arms whole, checks them against their files and each other and, when nothing is a fault, configures
 * what differs. Takes about 20 ms, or 0.4 s when EEPROM must be written. Never energises anything.
 * Throws {@link BusError} when a servo falls silent meanwhile, {@link PortError} when a port is lost.
 */
export function connect(leader: ReachableArm, follower: ReachableArm, calibrationDir: string): Connection {
  const calibrations = new CalibrationStore(calibrationDir);
  let arms = [leader, follower].map((arm) => examine(arm, calibrations));
  let findings = findingsOfPair(arms);
  if (findings.some(({ code }) => code === "calibration mismatch" || code === "swapped arms")) {
    // EEPROM that was written just now reads as zeros for a while: a mismatch is believed when it lasts.
    sleepForUs(leader.bus.clock, EEPROM_SETTLE_US);
    arms = [leader, follower].map((arm) => examine(arm, calibrations));
    findings = findingsOfPair(arms);
  }
  if (findings.some(({ severity }) => severity === "fault")) return { findings };
  const [leaderState, followerState] = arms as [Examined, Examined];
  // What EEPROM holds must not change under a joint that works.
  if (needsEeprom(followerState) && torqueState(follower.bus) !== "off") letDown(follower);
  try {
    configure(arms);
  } catch (error) {
    if (!(error instanceof EepromError)) throw error;
    const message = `${error.message} — switch the arm's power off and on; if that does not help, replace the servo`;
    const role = error.message.includes(follower.bus.nameOf(error.id)) ? "follower" : "leader";
    const stuck = { role, code: "EEPROM does not keep", severity: "fault", message } as const;
    return { findings: [...findings, stuck], gaveUp: true };
  }
  return {
    findings,
    calibrations: {
      leader: leaderState.calibration as Calibration,
      follower: followerState.calibration as Calibration,
    },
  };
}

function letDown({ bus }: ReachableArm): void {
  const [unconfirmed] = release(bus);
  if (unconfirmed === undefined) return;
  throw new BusError(unconfirmed, "not written", `${bus.nameOf(unconfirmed)} does not confirm to be limp`);
}

interface Examined extends InspectedArm, ConfigurableArm {
  readonly reading: ArmReading;
}

function examine({ role, id, bus }: ReachableArm, calibrations: CalibrationStore): Examined {
  const inspected = inspectArm({ role, id }, bus, calibrations);
  const silent = inspected.images.indexOf(null);
  if (silent !== -1) {
    const servo = SERVO_IDS[silent]!;
    throw new BusError(servo, "timeout", `no answer from ${bus.nameOf(servo)}`);
  }
  return { ...inspected, bus };
}

function findingsOfPair(arms: readonly ArmState[]): FindingOf[] {
  return arms.flatMap((arm, index) =>
    findingsOf(arm, arms[1 - index]).map((finding) => ({ ...finding, role: arm.role })),
  );
}
