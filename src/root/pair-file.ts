/** A pair's configuration file as far as its boards are concerned: the paths that they are to have, and the file itself. */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { ROLES, type Role } from "../arm/joints.ts";
import { defaultConfigOf, loadConfig } from "../config/config.ts";
import { MAIN_PAIR, pairConfigPath } from "../config/pairs.ts";
import { replaceNamedFile } from "../host/invoker.ts";
import { canBeNamed } from "../host/naming-rules.ts";
import { configTemplate } from "../host/package-files.ts";
import { makeFolder } from "../linux/files.ts";

/** The path by which an arm's board is to be found, and the one that the configuration has, which may be no name. */
export interface PairLink {
  readonly link: string;
  readonly configured: string;
}

/** The links of a pair: those that its configuration has as ports, or where they can be no names the default ones. Throws ConfigError. */
export function pairLinks(pair: string): Readonly<Record<Role, PairLink>> {
  const path = pairConfigPath(pair);
  const defaults = defaultConfigOf(pair);
  const config = existsSync(path) ? loadConfig(path, pair) : defaults;
  const links = ROLES.map((role) => {
    const configured = config[role].port;
    return [role, { link: canBeNamed(configured) ? configured : defaults[role].port, configured }] as const;
  });
  return Object.fromEntries(links) as Record<Role, PairLink>;
}

/** Makes the configuration file of a further pair, every setting in it, commented out; false where it is there. */
export async function makePairFile(pair: string): Promise<boolean> {
  const path = pairConfigPath(pair);
  if (pair === MAIN_PAIR || existsSync(path)) return false;
  makeFolder(dirname(path));
  await replaceNamedFile(path, configTemplate(pair), 0o644);
  return true;
}
