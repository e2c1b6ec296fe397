/** A pair whose boards are to be named: its links, and its configuration file where it is a further one. */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { makeFolder, replaceFile } from "../../arm/files.ts";
import { ROLES, type Role } from "../../arm/joints.ts";
import { defaultConfigOf, loadConfig } from "../../config.ts";
import { MAIN_PAIR, pairConfigPath } from "../../config-pairs.ts";
import { canBeNamed } from "../../host/naming-rules.ts";
import { configTemplate } from "../../host/package-files.ts";
import type { Dialogue } from "../tools/dialogue.ts";

/** The path by which each arm's board is to be found. */
export type PairLinks = Readonly<Record<Role, string>>;

/**
 * The links of a pair: those that its configuration has as ports. A pair without a configuration gets one, when files
 * may be written. Throws ConfigError.
 */
export function preparePair(pair: string, mayWrite: boolean, dialogue: Dialogue): PairLinks {
  const path = pairConfigPath(pair);
  const defaults = defaultConfigOf(pair);
  if (!existsSync(path)) {
    if (mayWrite && pair !== MAIN_PAIR) {
      makeFolder(dirname(path));
      replaceFile(path, configTemplate(pair), 0o644);
      dialogue.done(`${path} is made: the pair's settings, all of them defaults.`);
    }
    return { leader: defaults.leader.port, follower: defaults.follower.port };
  }
  const config = loadConfig(path, pair);
  for (const role of ROLES) {
    if (canBeNamed(config[role].port)) continue;
    dialogue.warn(
      `${path} has ${config[role].port} as the ${role}'s port, which is not a name that can be given: put a # before ` +
        `it, or the board will not be found by its new name ${defaults[role].port}.`,
    );
  }
  const linkOf = (role: Role) => (canBeNamed(config[role].port) ? config[role].port : defaults[role].port);
  return { leader: linkOf("leader"), follower: linkOf("follower") };
}
