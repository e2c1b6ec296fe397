/** A pair whose boards are to be named: its links, and its configuration file where it is a further one. */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { ROLES, type Role } from "../../arm/joints.ts";
import { defaultConfigOf, loadConfig, parseConfig } from "../../config/config.ts";
import { withKeys } from "../../config/edit.ts";
import { readConfigFile } from "../../config/file.ts";
import { MAIN_PAIR, pairConfigPath } from "../../config/pairs.ts";
import { replaceNamedFile } from "../../host/invoker.ts";
import { canBeNamed } from "../../host/naming-rules.ts";
import { configTemplate } from "../../host/package-files.ts";
import { makeFolder } from "../../linux/files.ts";
import type { Operator } from "../operator.ts";

/** The path by which each arm's board is to be found. */
export type PairLinks = Readonly<Record<Role, string>>;

/** The links of a pair: those that its configuration has as ports, or the default ones. Throws ConfigError. */
export function linksOf(pair: string, operator: Operator): PairLinks {
  const path = pairConfigPath(pair);
  const defaults = defaultConfigOf(pair);
  const config = existsSync(path) ? loadConfig(path, pair) : defaults;
  const linkOf = (role: Role) => {
    if (canBeNamed(config[role].port)) return config[role].port;
    operator.tell(
      "warning",
      `${path} has ${config[role].port} as the ${role}'s port, which is not a name that can be given: put a # before ` +
        `it, or the board will not be found by its new name ${defaults[role].port}.`,
    );
    return defaults[role].port;
  };
  return { leader: linkOf("leader"), follower: linkOf("follower") };
}

/** Makes the configuration file of a further pair, unless it is there: every setting in it, commented out. */
export async function makeConfig(pair: string, operator: Operator): Promise<void> {
  const path = pairConfigPath(pair);
  if (pair === MAIN_PAIR || existsSync(path)) return;
  makeFolder(dirname(path));
  await replaceNamedFile(path, configTemplate(pair), 0o644);
  operator.tell("done", `${path} is made: the pair's settings, all of them defaults.`);
}

/**
 * Gives both arms of a pair LeRobot's id in its configuration file, of which all else stays as it is. False when it has
 * that already. Throws {@link ConfigError}, an Error that says why the file could not be written.
 */
export async function setIds(pair: string, id: string, operator: Operator): Promise<boolean> {
  const path = pairConfigPath(pair);
  const text = readConfigFile(path);
  const edited = ROLES.reduce((edited, role) => withKeys(edited, role, { id }, path), text);
  parseConfig(edited, path, pair);
  if (edited === text) return false;
  await replaceNamedFile(path, edited, 0o644);
  operator.event(
    { event: "ids", pair, id, file: path },
    { tone: "done", message: `${path}: both arms have the id ${id}.` },
  );
  return true;
}
