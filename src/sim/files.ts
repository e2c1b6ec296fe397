/** What a simulation keeps on disk beside its record: the arms' state, and LeRobot's calibration files for them. */
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import * as v from "valibot";
import { changeableByOthers } from "../linux/own-path.ts";
import { sweep } from "../linux/sweep.ts";
import { temporaryName } from "../linux/temporary.ts";
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
    boards: join(dir, "boards.json"),
    names: join(dir, "names.json"),
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

/**
 * Makes a folder, and those above it. Throws when somebody else may change what is in it: then he may have put links
 * there that lead to files of ours.
 */
export function makeOwnFolder(path: string): void {
  // Looked at before and after: nothing is made where a link leads, and nobody has put another in the new one's place.
  requireOwn(path);
  mkdirSync(path, { recursive: true });
  requireOwn(path);
}

function requireOwn(path: string): void {
  const part = changeableByOthers(path);
  if (part === undefined) return;
  const whose = process.geteuid?.() === 0 ? "only root" : "only you";
  throw new Error(
    `${part} may be changed by others, who could lead the simulation to other files — give a folder with --dir into ` +
      `which ${whose} may write`,
  );
}

/** Writes a file so that a reader finds the old or the new one, never half of it. Throws as {@link makeOwnFolder}. */
export async function replaceFile(path: string, text: string): Promise<void> {
  makeOwnFolder(dirname(path));
  const temporary = temporaryFor(path);
  try {
    await writeFile(temporary, text, { flag: "wx" });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Does the same at once, for what is small and can be made again. */
export function replaceFileNow(path: string, text: string): void {
  const temporary = temporaryFor(path);
  writeFileSync(temporary, text, { flag: "wx" });
  renameSync(temporary, path);
}

/** A name beside a file, for what is to take its place; what killed simulations have left there of others goes. */
function temporaryFor(path: string): string {
  sweep(dirname(path), basename(path));
  return join(dirname(path), temporaryName(basename(path)));
}

/** Makes `path` a link to `target`, in the place of whatever link was there. */
export function replaceLink(path: string, target: string): void {
  const temporary = temporaryFor(path);
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
