/** How an arm is, for who asks a simulation: what no bus would tell included. */
import type { RegisterName } from "../../feetech/registers.ts";
import type { SimulatedArm } from "./arm.ts";
import { JOINTS, type JointName } from "./joints.ts";

/** One servo as it is. */
export interface ServoReport {
  /** Every register by name, signs decoded; the present ones as they would be read now. */
  registers: Record<RegisterName, number>;
  /** What the servo reads of itself, steps. */
  position: number;
  /** Where the encoder stands, 0…4095. */
  encoder: number;
  /** Whether it holds or drives its joint. */
  energised: boolean;
  powered: boolean;
  overloaded: boolean;
  /** Writes of each EEPROM cell so far, by address. */
  wear: readonly number[];
  /** How often an instruction came that may wipe a servo. */
  wipes: number;
}

/** One arm and its board as they are. */
export interface ArmReport {
  plugged: boolean;
  /** The pty's slave; missing while the board is pulled. */
  path?: string;
  /** Whether every servo has power. */
  powered: boolean;
  joints: Record<JointName, ServoReport>;
}

/** Describes an arm whose board is at `path`. */
export function reportOf(arm: SimulatedArm, path: string | undefined, nowUs: number): ArmReport {
  const joints = JOINTS.map((joint, i): [JointName, ServoReport] => {
    const servo = arm.servos[i]!;
    const registers = servo.values(nowUs);
    const { position, encoder, torqueOn, powered, overloaded } = servo.actuator;
    const { wear, wipes } = servo;
    return [joint, { registers, position, encoder, energised: torqueOn, powered, overloaded, wear, wipes }];
  });
  return {
    plugged: path !== undefined,
    ...(path === undefined ? {} : { path }),
    powered: arm.servos.every((servo) => servo.actuator.powered),
    joints: Object.fromEntries(joints) as Record<JointName, ServoReport>,
  };
}
