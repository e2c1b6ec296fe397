/** What a simulation keeps on disk beside its record: the arms' state, and LeRobot's calibration files for them. */
import { renameSync, rmSync, symlinkSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { type ArmName, JOINTS } from "./arm/joints.ts";
import type { ServoState } from "./servo/servo.ts";
import { EEPROM_SIZE } from "./servo/table.ts";

/** Where things are in a simulation's folder. */
export function pathsIn(dir: string) {
  return {
    leader: join(dir, "leader"),
    follower: join(dir, "follower"),
    socket: join(dir, "sim.sock"),
    state: join(dir, "state.json"),
    record: join(dir, "record.ndjson"),
    calibration: join(dir, "calibration"),
  };
}

const byte = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255));
const servoSchema = v.strictObject({
  eeprom: v.pipe(v.array(byte), v.length(EEPROM_SIZE)),
  position: v.pipe(v.number(), v.finite()),
  wear: v.pipe(v.array(v.pipe(v.number(), v.integer())), v.length(EEPROM_SIZE)),
});
const armSchema = v.pipe(v.array(servoSchema), v.length(JOINTS.length));
const stateSchema = v.strictObject({ leader: armSchema, follower: armSchema });

/** What survives the end of a simulation. */
export type PairState = Record<ArmName, ServoState[]>;

/** Reads a state file; undefined when there is none. Throws when it is not one of ours. */
export async function readState(path: string): Promise<PairState | undefined> {
  const file = Bun.file(path);
  if (!(await file.exists())) return undefined;
  try {
    return v.parse(stateSchema, await file.json());
  } catch (cause) {
    const why = v.isValiError(cause) ? v.summarize(cause.issues) : String(cause);
    throw new Error(`${path} is not the state of a simulation; remove it to start afresh: ${why}`, { cause });
  }
}

/** Writes a file so that a reader finds the old or the new one, never half of it. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(temporary, text);
  await rename(temporary, path);
}

/** Makes `path` a link to `target`, in the place of whatever link was there. */
export function replaceLink(path: string, target: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  rmSync(temporary, { force: true });
  symlinkSync(target, temporary);
  renameSync(temporary, path);
}

/** One joint of a calibration file. */
export interface CalibratedJoint {
  homing_offset: number;
  range_min: number;
  range_max: number;
}

/** Where LeRobot's tree below `root` keeps an arm's calibration. */
export function calibrationPath(root: string, arm: ArmName, id: string): string {
  const folder = arm === "leader" ? "teleoperators/so101_leader" : "robots/so101_follower";
  return join(root, folder, `${id}.json`);
}

/** Writes an arm's calibration into LeRobot's tree below `root`. */
export async function writeCalibration(
  root: string,
  arm: ArmName,
  id: string,
  joints: readonly CalibratedJoint[],
): Promise<void> {
  const path = calibrationPath(root, arm, id);
  const content = Object.fromEntries(
    JOINTS.map((joint, i) => [joint, { id: i + 1, drive_mode: 0, ...joints[i]! }]),
  );
  await replaceFile(path, JSON.stringify(content, null, 4));
}
