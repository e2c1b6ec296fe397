/** What an arm's servos must be set to before teleoperation, and where they differ from it. */
import { type RegisterName, registers } from "../../feetech/registers.ts";
import { GRIPPER, type JointName, type Role } from "../joints.ts";
import type { ServoImage, ServoImages } from "./servo-image.ts";

/** A register that does not hold what it must, and what it must hold. */
export interface Difference {
  readonly register: RegisterName;
  readonly value: number;
  /** EEPROM wears, and must be unlocked, settled and verified; RAM is simply written. */
  readonly area: "eeprom" | "ram";
}

/** With this acceleration, LeRobot's, a servo follows as fast as it can. Firmware may make less of it. */
const ACCELERATION = 254;

/**
 * By which accelerations an arm's servos show that they are configured, in the joints' order. It lies in RAM, so a servo
 * that was reset since has another one; undefined for a servo that has the same after power-on, and so shows nothing.
 */
export type Marks = readonly (number | undefined)[];

/** By what a servo shows that it is configured: `before` is what its acceleration was, `after` what was read when it was. */
export function markOf(before: number, after: number): number | undefined {
  const wasNotTaken = before !== ACCELERATION && after === before;
  return wasNotTaken || after === registers.acceleration.factory ? undefined : after;
}

type Settings = { readonly [name in RegisterName]?: number };

/** LeRobot's settings of every servo. */
const common: Settings = {
  return_delay_time: 0, // as delivered, each of six replies comes 0.5 ms later
  response_status_level: 1, // at level 0 a write goes unanswered, and a lost one unnoticed
  operating_mode: 0,
  acceleration: ACCELERATION,
};

/** How a servo's position loop pulls: in proportion to the distance, to its sum over time, to its change. */
export interface Gains {
  readonly p: number;
  readonly i: number;
  readonly d: number;
}

/** The gains of each joint. */
export type GainsByJoint = Readonly<Record<JointName, Gains>>;

/** LeRobot's gains for the arm that moves by itself: half the factory's P, for less shake. */
export const LEROBOT_GAINS: Gains = { p: 16, i: 0, d: 32 };

/** A gripper squeezes for minutes: with half the torque and little current it does not burn. */
const gripperProtection = { max_torque_limit: 500, protection_current: 250, overload_torque: 25 } as const;

/** Set, positions count over several turns and leave 0…4095. The register's other bits are the maker's. */
const PHASE_MULTI_TURN = 1 << 4;

/** Written before the acceleration, as LeRobot does: firmware may take no more of that than this. */
const MAXIMUM_ACCELERATION = 254;

/**
 * The registers of one servo that must be written, EEPROM first; none when it is configured.
 *
 * `maximum_acceleration` lies beyond the image: pass what was read of it to have it compared too; left out, it is not
 * mentioned. `gains` are a follower's, LeRobot's if left out.
 * Never contains torque, goals, id, baud rate or calibration; nor `torque_limit`, which is raised only once the goal is
 * the present position.
 */
export function differences(
  role: Role,
  joint: JointName,
  image: ServoImage,
  maximumAcceleration?: number,
  gains: Gains = LEROBOT_GAINS,
): Difference[] {
  const found: Difference[] = [];
  const compare = (register: RegisterName, is: number, value: number) => {
    if (is !== value) found.push({ register, value, area: registers[register].area });
  };
  if (maximumAcceleration !== undefined) {
    compare("maximum_acceleration", maximumAcceleration, MAXIMUM_ACCELERATION);
  }
  for (const [name, value] of Object.entries(settingsOf(role, joint, gains))) {
    const register = name as RegisterName;
    compare(register, image.value(register), value);
  }
  const phase = image.value("phase");
  compare("phase", phase, phase & ~PHASE_MULTI_TURN);
  return found.sort((a, b) => a.area.localeCompare(b.area));
}

function settingsOf(role: Role, joint: JointName, { p, i, d }: Gains): Settings {
  if (role === "leader") return common;
  const follower = { ...common, p_coefficient: p, i_coefficient: i, d_coefficient: d };
  return joint === "gripper" ? { ...follower, ...gripperProtection } : follower;
}

/**
 * Whether an arm's gripper carries a follower's protection. A leader's keeps the factory's, so this tells the arms of a
 * pair apart when their calibrations cannot. Gains tell nothing: a person may have others, in either arm.
 */
export function looksLikeFollower(images: ServoImages): boolean {
  const gripper = images[GRIPPER];
  if (gripper == null) return false;
  const marks = Object.entries(gripperProtection) as [keyof typeof gripperProtection, number][];
  return marks.every(([name, value]) => gripper.value(name) === value);
}
