/** The simulated arms of an attack, their calibrations, and what their servos hold of one. */
import { join } from "node:path";
import { JOINTS, type JointName } from "../../src/arm/joints.ts";
import { type RunningSim, startSim } from "../../src/sim/testing/start.ts";

/** A calibration as its file has it. */
export type Filed = Record<JointName, { id: number; drive_mode: number } & Held>;

/** What a servo holds of it. */
interface Held {
  homing_offset: number;
  range_min: number;
  range_max: number;
}

/** Arms that are calibrated and configured, at rest, on fast ports. */
export async function startArms(program: string, dir: string): Promise<RunningSim> {
  const still = {
    arms: "configured",
    motion: "still",
    wireTime: false,
    usbDelayUs: 0,
    eepromZeros: false,
  } as const;
  return await startSim({ binary: program, dir, ...still });
}

/** The text of a calibration file, as LeRobot writes it. */
export function calibrationText(calibration: Filed): string {
  return JSON.stringify(calibration, null, 4);
}

/** The calibration that the leader's servos hold. */
export async function leadersCalibration({ paths }: RunningSim): Promise<Filed> {
  return await Bun.file(join(paths.calibration, "teleoperators/so101_leader/leader.json")).json();
}

/** Another one that can be: each range a little narrower. */
export function narrower(calibration: Filed, bySteps: number): Filed {
  const joints = JOINTS.map((joint) => {
    const { range_min, range_max, ...rest } = calibration[joint];
    const isWholeTurn = joint === "wrist_roll";
    const range = isWholeTurn
      ? { range_min, range_max }
      : { range_min: range_min + bySteps, range_max: range_max - bySteps };
    return [joint, { ...rest, ...range }];
  });
  return Object.fromEntries(joints);
}

/** What the servos of both arms hold of their calibrations, as one text. */
export async function heldByServos({ client }: RunningSim): Promise<string> {
  const state = await client.request({ do: "state" });
  const held = [state.leader, state.follower].map(({ joints }) =>
    JOINTS.map((joint) => {
      const { homing_offset, min_position_limit, max_position_limit } = joints[joint].registers;
      return `${joint} ${homing_offset} ${min_position_limit} ${max_position_limit}`;
    }).join(", "),
  );
  return `leader: ${held[0]}\nfollower: ${held[1]}`;
}

/** Gives the leader's servos a calibration, on no bus. */
export async function giveServos({ client }: RunningSim, calibration: Filed): Promise<void> {
  for (const joint of JOINTS) {
    const { homing_offset, range_min, range_max } = calibration[joint];
    const values = { homing_offset, min_position_limit: range_min, max_position_limit: range_max, lock: 1 };
    await client.request({ do: "registers", arm: "leader", joint, values });
  }
}
