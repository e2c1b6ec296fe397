/** Changing keys of a configuration file for somebody who sees no file: which keys, and what they may then be. */
import type { NormalisationMode } from "../arm/calibration/normalisation.ts";
import { JOINTS } from "../arm/joints.ts";
import { visible } from "../linux/text/visible.ts";
import { type Config, checkConfig, modeOf } from "./config.ts";
import { withKeys } from "./edit.ts";
import { ConfigError, type KeyProblem } from "./file.ts";
import { type ConfigKey, type KeyValue, keysOf } from "./keys.ts";
import { lerobotKeys } from "./lerobot.ts";
import { machineNetworkKeys } from "./network.ts";
import { MAIN_PAIR } from "./pairs.ts";
import { schemaFor } from "./schema.ts";
import { parseToml } from "./toml.ts";
import { webKeys } from "./web.ts";

/** Values by the paths of their keys. */
export type Changes = Readonly<Record<string, KeyValue>>;

/** The keys that are set in the file, or by another step, and why. */
export const NOT_CHANGED_SO: Readonly<Record<string, string>> = {
  calibration_dir:
    "a folder that the service reads as its own user: who may name one is who may edit the file",
  "leader.port": "the boards are named, by their serial numbers",
  "follower.port": "the boards are named, by their serial numbers",
  "leader.id": "says which calibration is the arm's, and goes with the board: it is set with the names",
  "follower.id": "says which calibration is the arm's, and goes with the board: it is set with the names",
  ...Object.fromEntries(
    webKeys.map((key) => [`web.${key}`, "who may reach the page, and read it, is for who may edit the file"]),
  ),
  ...Object.fromEntries(
    lerobotKeys.map((key) => [
      `lerobot.${key}`,
      "from which machines the arms may be driven is for who may edit the file",
    ]),
  ),
  ...Object.fromEntries(
    machineNetworkKeys.map((key) => [
      `network.${key}`,
      "which broker this machine trusts, and as whom, is for who may edit the file",
    ]),
  ),
};

/** The keys that may be changed, in the schema's order; the parking pose is in the units of `normalisation`. */
export function changeableKeys(normalisation: NormalisationMode, pair: string = MAIN_PAIR): ConfigKey[] {
  return keysOf(schemaFor(normalisation, pair)).filter(({ path }) => !Object.hasOwn(NOT_CHANGED_SO, path));
}

/**
 * A configuration file's text with keys changed, and all else as it was, checked whole: a file that this gives is one that
 * the service takes. `path` is for messages; the pair's name decides some defaults.
 * Throws {@link ConfigError}, whose problems say which keys are why, where it is keys.
 */
export function withChanges(text: string, changes: Changes, path: string, pair?: string): string {
  const before = parseToml(text, path);
  const known = new Map(changeableKeys("range", pair).map((key) => [key.path, key]));
  const unknown = Object.keys(changes).filter((key) => !known.has(key));
  if (unknown.length > 0) refuse(unknown.map(unchangeable));
  let edited = text;
  for (const [key, value] of Object.entries(changes)) {
    const { section, name } = known.get(key)!;
    edited = withKeys(edited, section, { [name]: value }, path);
  }
  const after = parseToml(edited, path);
  checkConfig(after, (key) => (key === "" ? path : key), pair);
  if (modeOf(before) !== modeOf(after)) requireNewPose(before as Partial<Config>, changes);
  return edited;
}

function refuse(problems: readonly KeyProblem[]): never {
  throw new ConfigError(problems.map(({ message }) => message).join("\n"), { problems });
}

function unchangeable(given: string): KeyProblem {
  const key = visible(given.slice(0, 60));
  const why = Object.hasOwn(NOT_CHANGED_SO, given) ? ` (${NOT_CHANGED_SO[given]})` : "";
  return { key, message: `${key} is not a key that can be changed here${why}` };
}

/** The same numbers in other units are another pose, to which the arm would be led. */
function requireNewPose({ park }: Partial<Config>, changes: Changes): void {
  const old = JOINTS.filter((joint) => joint !== "gripper" && !Object.hasOwn(changes, `park.${joint}`));
  if (park === undefined || old.length === 0) return;
  const key = "teleoperation.normalisation";
  const message = `${key} changes the units of the parking pose: ${old.map((joint) => `park.${joint}`).join(", ")} must be given anew with it`;
  refuse([{ key, message }]);
}
