/** Giving boards their names, by root: what is asked names ports alone, all that goes into a rule is looked up here. */
import { ROLES, type Role } from "../arm/joints.ts";
import { unitOf } from "../config/pairs.ts";
import { type Board, listBoards } from "../host/boards.ts";
import { type NamedBoard, namingRules, RULES_DIR } from "../host/naming-rules.ts";
import { isBooted, restartIfRunning } from "../host/service.ts";
import { applyRules, type DeviceFacts, factsOf, udevRuns } from "../host/udev.ts";
import { targetOf } from "../linux/real-path.ts";
import { visible } from "../linux/text/visible.ts";
import { type BoardToName, markFor } from "./mark-for.ts";
import { makePairFile, pairLinks } from "./pair-file.ts";
import { planRules, writeRules } from "./rules.ts";
import type { BoardOfArm, Naming, NamingOrder } from "./work.ts";

/** What of the machine it uses. */
export interface NamingMeans {
  readonly list?: () => Promise<readonly Board[]>;
  /** Has udev read its rules again, for the ports that are there; done when links are. */
  readonly apply?: () => Promise<void>;
}

/**
 * Writes the rules that name two boards as a pair's arms, makes a further pair's configuration file, applies the rules,
 * and restarts a service that has one of the boards as the other arm. Needs root.
 * Throws an Error that says why not, {@link ConfigError}: nothing was changed then; {@link ServiceError}, {@link UdevError}.
 */
export async function nameBoardsHere(order: NamingOrder, means: NamingMeans = {}): Promise<Naming> {
  const { pair } = order;
  const boards = await (means.list ?? listBoards)();
  const chosen = chosenOf(order, boards);
  const links = pairLinks(pair);
  const named = await Promise.all(
    ROLES.map(async (role): Promise<NamedBoard> => {
      const { mark } = await markFor(role, chosen[role]);
      return { link: links[role].link, mark };
    }),
  );
  const facts = new Map<string, DeviceFacts>();
  for (const role of ROLES) facts.set(links[role].link, await factsOf(order[role].port));
  const plan = planRules(named, namingRules(), RULES_DIR, (link) => facts.get(link));
  const isWritten = await writeRules(plan);
  const isPairMade = await makePairFile(pair);
  if (!udevRuns()) return { isWritten, isPairMade, isApplied: false };
  await applyNames(
    pair,
    ROLES.map((role) => ({ link: links[role].link, port: order[role].port })),
    means.apply,
  );
  return { isWritten, isPairMade, isApplied: true };
}

/**
 * Has udev give boards their links. A pair's service that has a board open which is the other arm's now is restarted.
 * Throws {@link ServiceError}, {@link UdevError}.
 */
export async function applyNames(
  pair: string,
  names: readonly { readonly link: string; readonly port: string | undefined }[],
  apply = applyRules,
): Promise<void> {
  const before = names.map(({ link }) => targetOf(link));
  await apply();
  const hasMoved = names.some(
    ({ port }, index) => port !== undefined && before[index] !== undefined && before[index] !== port,
  );
  if (hasMoved && isBooted()) await restartIfRunning(unitOf(pair));
}

/** The boards that are meant, if they are still there. */
function chosenOf(order: NamingOrder, boards: readonly Board[]): Record<Role, BoardToName> {
  if (order.leader.port === order.follower.port) {
    throw new Error("leader and follower are the same board: each arm has its own");
  }
  const of = (role: Role) => {
    const { port, serial } = order[role];
    const board = boards.find(({ path }) => path === port);
    if (board === undefined) throw new Error(`no board is plugged in at ${port} — plug in the ${role}'s`);
    if (board.serial !== serial) {
      throw new Error(
        `another board is at ${port} than the ${role}'s, which ${numberOf(order[role])}: boards were plugged in otherwise meanwhile — begin again`,
      );
    }
    const isTwin = serial !== undefined && boards.filter((one) => one.serial === serial).length > 1;
    return { ...board, isTwin };
  };
  return { leader: of("leader"), follower: of("follower") };
}

function numberOf({ serial }: BoardOfArm): string {
  return serial === undefined ? "has no serial number" : `has the serial number ${visible(serial)}`;
}
