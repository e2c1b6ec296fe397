/** What can be wrong with an arm, as data: what it is, which arm and joint, the figures. */
import type { BusTrouble } from "../feetech/bus-error.ts";
import type { RegisterName } from "../feetech/registers.ts";
import type { Degrees, Steps, Volts } from "../feetech/units.ts";
import type { Owner } from "../linux/owners/program.ts";
import type { PortTrouble } from "../serial/transport.ts";
import type { CalibrationDifference } from "./calibration/in-servos.ts";
import type { ArmIdentity } from "./identity.ts";
import { JOINTS, type JointName } from "./joints.ts";
import type { About, Settled } from "./remedy.ts";
import type { UnusualServo } from "./servos/models.ts";

/** There is no board at the path. */
export interface BoardMissing extends About {
  readonly code: "board.missing";
  readonly path: string;
  /** It was there, and went away while it was used. */
  readonly lost?: true;
}

/** The user may not open the port. */
export interface PortDenied extends About {
  readonly code: "port.denied";
  readonly path: string;
  /** There for as long as it may only be that udev has not given the port its group yet. */
  readonly fresh?: true;
}

/** Another program has the port. */
export interface PortBusy extends About {
  readonly code: "port.busy";
  readonly path: string;
  /** Undefined where it cannot be seen which. */
  readonly owner?: Owner | undefined;
}

/** The port cannot be used, for another reason. */
export interface PortFailed extends About {
  readonly code: "port.failed";
  readonly path: string;
  readonly trouble: PortTrouble;
  /** The name of what the system said: EIO. */
  readonly errno?: string | undefined;
  /** What happened, beginning with the path. */
  readonly fact: string;
}

/** Replies come too late to be waited for. */
export interface PortTooSlow extends About {
  readonly code: "port.too-slow";
  /** For how long they would have to be waited for: what they usually take, and how far that varies. */
  readonly upToMs: number;
  /** With which `hold_after_ms` they would be waited for. */
  readonly holdAfterMs: number;
}

/** The USB adapter holds replies back although it was told not to. */
export interface LatencyTimer extends About {
  readonly code: "port.latency-timer";
  readonly path: string;
  /** For how long at most. */
  readonly ms: number;
  /** The file that sets it. */
  readonly file: string;
}

/** No servo answers. */
export interface BusSilent extends Settled {
  readonly code: "bus.silent";
}

/** Some servos do not answer, at least one and not all. */
export interface JointsMissing extends Settled {
  readonly code: "bus.joints-missing";
  /** In the order of the chain. */
  readonly joints: readonly JointName[];
  /** Every id and every speed was tried, and nobody else answers. */
  readonly searched?: true;
}

/** A servo that answers to an id that no joint has, or at a speed at which no joint should. */
export interface OtherServo {
  readonly id: number;
  /** Bits a second. */
  readonly baudRate: number;
  /** Undefined where the replies are damaged, as those of two servos with one id are. */
  readonly model: number | undefined;
}

/** Some servos, or all, do not answer to the ids of their joints, and others answer. */
export interface WrongIds extends Settled {
  readonly code: "servo.wrong-id";
  /** The joints that do not answer, in the order of the chain. */
  readonly joints: readonly JointName[];
  /** Who answers, at least one. */
  readonly found: readonly OtherServo[];
}

/** Replies arrive damaged. */
export interface BusDamaged extends Settled {
  readonly code: "bus.damaged";
  /** Whose replies; none where each servo answers alone and all do not together. */
  readonly joints: readonly JointName[];
  /** Who does not answer at all. */
  readonly silent: readonly JointName[];
}

/** A servo did not do what it was asked. */
export interface BusFailed extends About {
  readonly code: "bus.failed";
  /** The servo's id; it need not be a joint's. */
  readonly id: number;
  readonly trouble: BusTrouble;
  /** What it did not take, or reports, where it is about one register. */
  readonly register?: RegisterName | undefined;
  readonly value?: number | undefined;
  /** Where its joint is, where it did not take a goal. */
  readonly position?: number | undefined;
}

/** A register of EEPROM does not keep what is written to it. */
export interface EepromWorn extends About {
  readonly code: "servo.eeprom";
  readonly id: number;
  readonly register: RegisterName;
  readonly value: number;
}

/** The arm on the port is the pair's other one. */
export interface ArmSwapped extends Settled {
  readonly code: "arm.swapped";
  readonly other: ArmIdentity;
}

/** A servo of another model. */
export interface WrongModel extends About {
  readonly code: "servo.wrong-model";
  readonly joint: JointName;
  readonly model: number;
}

/** Servos that an arm can have, and usually has not. */
export interface UnusualServos extends About {
  readonly code: "servo.models";
  readonly servos: readonly { readonly joint: JointName; readonly kind: UnusualServo }[];
}

/** The calibration file is missing or cannot be used. */
export interface CalibrationMissing extends Settled {
  readonly code: "calibration.missing";
  readonly kind: "missing" | "ambiguous" | "unreadable" | "invalid";
  /** The file, or where it should be; and its other place, where both were looked at. */
  readonly files: readonly [string, ...string[]];
  /** What is wrong with it, as a fact. */
  readonly what: string;
  /** The name of what the system said: EACCES. */
  readonly errno?: string | undefined;
  /** Of two that differ: the one that cannot be a calibration, where the other one can. */
  readonly unusable?: string | undefined;
}

/** The calibration file, or what is kept beside it, cannot be written. For whoever wants to: no event has this code. */
export interface CalibrationUnwritable extends About {
  readonly code: "calibration.unwritable";
  readonly file: string;
  readonly what: string;
  readonly errno?: string | undefined;
}

/** Writing a calibration was cut off, or could not be undone. */
export interface CalibrationUnfinished extends Settled {
  readonly code: "calibration.unfinished";
  readonly arm: ArmIdentity;
  /** "unreadable": what was kept of it is another version's, or damaged; "not restored": it failed just now. */
  readonly kind: "interrupted" | "unreadable" | "not restored";
  /** What was kept of it. */
  readonly file: string;
  /** Why it failed just now, or why what was kept cannot be read where the system does not let it. */
  readonly because?: string;
  /** Who does not hold what it held before, as far as the arm could be asked. */
  readonly joints?: readonly JointName[];
}

/** File and servos hold different calibrations. The first of its remedies is the recommended one. */
export interface CalibrationMismatch extends Settled {
  readonly code: "calibration.mismatch";
  readonly differences: readonly CalibrationDifference[];
  readonly file?: string | undefined;
  /** When the file was written, ms since 1970; undefined where that cannot be seen. */
  readonly writtenAtMs?: number | undefined;
  /** Why what the servos hold cannot be a calibration, as a fact; undefined where it can be one, as the file can. */
  readonly servosCannot?: string | undefined;
  /** The file that was replaced by this one, where the servos hold what that says: then this one is the newer. */
  readonly servosHold?: string | undefined;
}

/** Only the other arm's wrist_roll is calibrated as a full turn, and the two do not turn alike. */
export interface WristRollRanges extends Settled {
  readonly code: "calibration.wrist-roll";
  readonly joint: "wrist_roll";
  readonly rangeMin: Steps;
  readonly rangeMax: Steps;
  readonly other: ArmIdentity;
  /** In degrees mode: how far apart the middles of the two ranges are. Undefined by range, where the angles differ. */
  readonly apart?: Degrees | undefined;
}

/** The arm's servos have different firmware. */
export interface MixedFirmware extends About {
  readonly code: "servo.mixed-firmware";
  readonly versions: readonly { readonly version: string; readonly joints: readonly JointName[] }[];
}

/** A servo reports what is no position. */
export interface NoPosition extends About {
  readonly code: "servo.no-position";
  readonly joint: JointName;
  /** What it reports. */
  readonly position: number;
}

/** A joint is outside of its servo's position limits, and its firmware would drive it to them. */
export interface JointOutside extends About {
  readonly code: "joint.out-of-range";
  readonly joint: JointName;
  /** How far, in whole degrees. */
  readonly degrees: number;
}

/** Servos get a voltage outside their limits. */
export interface VoltageOutside extends About {
  readonly code: "servo.voltage";
  /** What they get, where it was read. */
  readonly servos: readonly { readonly joint: JointName; readonly volts?: Volts }[];
  /** What they are set to accept; undefined where it is only known that a servo reports it. */
  readonly limit?: { readonly bound: "highest" | "lowest"; readonly volts: Volts };
}

/** A servo reports an error by a bit of its status. */
export interface ReportedError extends About {
  readonly code: "servo.error" | "servo.sensor" | "servo.overheats" | "servo.overcurrent" | "servo.overload";
  readonly joint: JointName;
  /** The bit, as a mask. */
  readonly mask: number;
  /** The servo's temperature, where it was read. */
  readonly celsius?: number;
  /** Of an overload: it is that of a gripper which holds something, as it should. */
  readonly holds?: true;
}

/** What is wrong with the calibration in an arm's file, or with the file. */
export type CalibrationProblem = CalibrationMissing | CalibrationUnwritable | CalibrationUnfinished;

/** One thing that is wrong with an arm. Its code is the event's that tells it. Plain data, for any thread or program. */
export type ArmProblem =
  | BoardMissing
  | PortDenied
  | PortBusy
  | PortFailed
  | PortTooSlow
  | LatencyTimer
  | BusSilent
  | JointsMissing
  | WrongIds
  | BusDamaged
  | BusFailed
  | ArmSwapped
  | WrongModel
  | UnusualServos
  | CalibrationMissing
  | CalibrationMismatch
  | CalibrationUnfinished
  | WristRollRanges
  | MixedFirmware
  | EepromWorn
  | NoPosition
  | JointOutside
  | VoltageOutside
  | ReportedError;

/** What may say of a problem which joints it is about. */
interface AboutJoints {
  readonly code: string;
  readonly joint?: JointName | undefined;
  readonly joints?: readonly JointName[] | undefined;
  readonly servos?: readonly { readonly joint: JointName }[];
  readonly differences?: readonly { readonly joint: JointName }[];
}

/** The joints that a problem is about, in the order of the chain; none where it is about the whole arm. */
export function jointsOf(problem: AboutJoints): readonly JointName[] {
  const { joint, joints = [], servos = [], differences = [] } = problem;
  const all = [joint, ...joints, ...[...servos, ...differences].map((one) => one.joint)];
  return JOINTS.filter((one) => all.includes(one));
}
