/** A pair whose boards are to be named: its links, and its configuration file where it is a further one. */
import { ROLES, type Role } from "../../arm/joints.ts";
import { parseConfig } from "../../config/config.ts";
import { withKeys } from "../../config/edit.ts";
import { readConfigFile } from "../../config/file.ts";
import { pairConfigPath } from "../../config/pairs.ts";
import { replaceNamedFile } from "../../host/invoker.ts";
import { makePairFile, pairLinks } from "../../root/pair-file.ts";
import type { Operator } from "../operator.ts";

/** The path by which each arm's board is to be found. */
export type PairLinks = Readonly<Record<Role, string>>;

/** The links of a pair: those that its configuration has as ports, or the default ones. Throws ConfigError. */
export function linksOf(pair: string, operator: Operator): PairLinks {
  const links = pairLinks(pair);
  for (const role of ROLES) {
    const { link, configured } = links[role];
    if (link === configured) continue;
    operator.tell(
      "warning",
      `${pairConfigPath(pair)} has ${configured} as the ${role}'s port, which is not a name that can be given: put a # before ` +
        `it, or the board will not be found by its new name ${link}.`,
    );
  }
  return { leader: links.leader.link, follower: links.follower.link };
}

/** Makes the configuration file of a further pair, unless it is there. */
export async function makeConfig(pair: string, operator: Operator): Promise<void> {
  if (!(await makePairFile(pair))) return;
  operator.tell("done", `${pairConfigPath(pair)} is made: the pair's settings, all of them defaults.`);
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
