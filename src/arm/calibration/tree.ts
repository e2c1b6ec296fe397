/** LeRobot's tree of calibration files: where it is, and where in it an arm's file is. */
import { homedir } from "node:os";
import { join } from "node:path";
import { isVisible, visible } from "../../linux/text/visible.ts";
import type { ArmIdentity } from "../identity.ts";
import type { Role } from "../joints.ts";
import { invalid } from "./error.ts";

/** LeRobot's models of these arms. To 0.4.2 each has folders of its own, from 0.4.3 on they share theirs (#2763). */
export const LEROBOT_MODELS = ["so101", "so100"] as const;

/** One of {@link LEROBOT_MODELS}. */
export type LerobotModel = (typeof LEROBOT_MODELS)[number];

/** What the folders of the arms in a role are in. */
const parents = { leader: "teleoperators", follower: "robots" } as const satisfies Record<Role, string>;

/** A file name has at most 255 bytes; `.json` and the names of what is kept or made beside it need some of them. */
const LONGEST_ID_BYTES = 200;

/** What keeps a text from being an arm's id, for a message; undefined when it can be one. It names a file. */
export function armIdProblem(id: string): string | undefined {
  if (id === "") return "an arm's id must not be empty";
  if (id === "." || id === ".." || id.includes("/")) {
    return `an arm's id names a file and cannot be a path such as ${JSON.stringify(id)}`;
  }
  if (!isVisible(id)) {
    return `an arm's id cannot have control characters or others that are not seen, as ${visible(JSON.stringify(id))} has`;
  }
  if (Buffer.byteLength(id) > LONGEST_ID_BYTES) {
    return `an arm's id has at most ${LONGEST_ID_BYTES} bytes, not ${Buffer.byteLength(id)}`;
  }
  return undefined;
}

/** The root of LeRobot's own tree, by the environment variables that LeRobot reads. */
export function lerobotCalibrationRoot(
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const home = env.HOME || homedir();
  const expand = (path: string) => (path === "~" || path.startsWith("~/") ? home + path.slice(1) : path);
  if (env.HF_LEROBOT_CALIBRATION) return expand(env.HF_LEROBOT_CALIBRATION);
  if (env.HF_LEROBOT_HOME) return join(expand(env.HF_LEROBOT_HOME), "calibration");
  const cache = env.HF_HOME || join(env.XDG_CACHE_HOME || join(home, ".cache"), "huggingface");
  return join(expand(cache), "lerobot", "calibration");
}

/**
 * The folders below the root that hold the files of the arms in a role, by the older generation's name (LeRobot 0.3.2 –
 * 0.4.2) and the newer's.
 */
export function foldersOf(
  role: Role,
  model: LerobotModel = "so101",
): readonly [older: string, newer: string] {
  const parent = parents[role];
  return [`${parent}/${model}_${role}`, `${parent}/so_${role}`];
}

/** The names that the folder of a role's arms may have beside this one: of either generation, and either model. */
export function namesOfOneFolder(name: string): readonly string[] {
  const role = name.endsWith("_leader") ? "leader" : "follower";
  return [...LEROBOT_MODELS, "so"].map((model) => `${model}_${role}`);
}

/** The paths of an arm's file below `root`. Throws {@link CalibrationError} "invalid" for an id that names no file. */
export function pathsOf(
  root: string,
  { role, id }: ArmIdentity,
  model: LerobotModel = "so101",
): [older: string, newer: string] {
  const [older, newer] = foldersOf(role, model);
  const problem = armIdProblem(id);
  if (problem !== undefined) throw invalid(join(root, older), problem, []);
  return [join(root, older, `${id}.json`), join(root, newer, `${id}.json`)];
}
