/** Giving boards their names, so that each arm is found wherever it is plugged in: on this machine root's helper does it. */
import { existsSync } from "node:fs";
import { ROLES, type Role } from "../../arm/joints.ts";
import type { Board } from "../../host/boards.ts";
import { namingRules } from "../../host/naming-rules.ts";
import { targetOf } from "../../linux/real-path.ts";
import { enablePair, nameBoards } from "../../root/work.ts";
import { pause } from "../../workflows/pause.ts";

/** A board of each arm. */
export type BoardOfArm = Readonly<Record<Role, Board>>;

/** Who names boards. */
export interface Naming {
  /** Whether some board has this name, be it plugged in or not. */
  isGiven(link: string): boolean;
  /**
   * Gives a pair's boards the names that its configuration has as its arms' ports. Throws an Error that says why that
   * cannot be, or who else would have to do it.
   */
  give(pair: string, boards: BoardOfArm): Promise<void>;
  /** Has a pair's service run, now and from each boot on. Throws an Error that says why it cannot. */
  enable(pair: string): Promise<void>;
}

/** This machine's: udev's rules give the names, and root's helper writes them. */
export const machineNaming: Naming = {
  isGiven: (link) => existsSync(link) || namingRules().some((rule) => rule.link === link),
  async give(pair, { leader, follower }) {
    const known = ({ path, serial }: Board) => ({ port: path, ...(serial !== undefined && { serial }) });
    const { isApplied } = await nameBoards({ pair, leader: known(leader), follower: known(follower) });
    if (isApplied) return;
    throw new Error(
      "the boards are named, and udev does not run here (a container?): the names will be there once the machine has booted",
    );
  },
  enable: enablePair,
};

const LINKS_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 100;

/** Waits until both links lead to their boards. Throws an Error when one does not in time; the signal's reason. */
export async function untilLinked(
  links: Readonly<Record<Role, string>>,
  boards: BoardOfArm,
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + LINKS_WITHIN_MS;
  for (const role of ROLES) {
    const { path } = boards[role];
    while (targetOf(links[role]) !== path) {
      if (performance.now() > deadline) {
        throw new Error(
          `the board of the ${role} was named, and ${links[role]} does not lead to it — unplug the board and plug it in ` +
            "again; if that does not help, another rule of udev's gets in the way",
        );
      }
      await pause(LOOK_EVERY_MS, signal);
    }
  }
}
