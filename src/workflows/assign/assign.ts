/** Assigning boards to arms: naming this machine's boards, so that each arm has the same path wherever it is plugged in. */
import { join } from "node:path";
import { ROLES, type Role } from "../../arm/joints.ts";
import { type ChosenArm, chooseArm } from "../../config/choose-arm.ts";
import { pairConfigPath } from "../../config/pairs.ts";
import { describeMark } from "../../host/board-mark.ts";
import { listBoards } from "../../host/boards.ts";
import {
  type NamedBoard,
  type NamingRule,
  namingRules,
  RULES_DIR,
  RULES_FILE,
} from "../../host/naming-rules.ts";
import { type DeviceFacts, factsOf } from "../../host/udev.ts";
import { markFor } from "../../root/mark-for.ts";
import { planRules, type RulesPlan } from "../../root/rules.ts";
import { type BoardOfArm, nameBoards } from "../../root/work.ts";
import type { ListBoards } from "../boards.ts";
import { UsageError } from "../errors.ts";
import type { Operator } from "../operator.ts";
import { type Chosen, chooseBoards, type GivenBoards, nameOf } from "./choose.ts";
import { linksOf, type PairLinks } from "./pair.ts";
import { checkPair, verifyLinks } from "./verify.ts";

/** Which board is to be which arm. */
export interface Assignment {
  readonly pair: string;
  /** The paths by which the boards are to be found. */
  readonly links: PairLinks;
  readonly chosen: Readonly<Record<Role, Chosen>>;
  /** By what each is known. */
  readonly named: readonly NamedBoard[];
  readonly plan: RulesPlan;
}

/** What came of an assignment. */
export interface Assigned {
  /** False when something keeps the arms from being used. */
  readonly usable: boolean;
  /** The arms that were looked at; none where the names will be there only after the next boot. */
  readonly arms: readonly ChosenArm[];
}

/**
 * Finds out which board is which arm, and what rules name them so. Nothing is changed. The names that are `freed` are
 * not kept for the boards that have them by "so101 assign".
 * Throws {@link UsageError}, {@link ConfigError}, or an Error that says what is missing or in the way.
 */
export async function planAssignment(
  pair: string,
  given: GivenBoards & { readonly freed?: readonly string[] },
  operator: Operator,
  list: ListBoards = listBoards,
  dirs?: readonly string[],
): Promise<Assignment> {
  const links = linksOf(pair, operator);
  const chosen = await chooseBoards(given, operator, list);
  const named = await Promise.all(
    ROLES.map((role) => nameBoard(nameOf(role, given), role, links[role], chosen, operator)),
  );
  const facts = new Map<string, DeviceFacts>();
  for (const role of ROLES) {
    const { path } = chosen[role];
    if (path !== undefined) facts.set(links[role], await factsOf(path));
  }
  const isFreed = ({ file, link }: NamingRule) =>
    file === join(RULES_DIR, RULES_FILE) && given.freed?.includes(link) === true;
  const rules = namingRules(dirs).filter((rule) => !isFreed(rule));
  const plan = planRules(named, rules, RULES_DIR, (link) => facts.get(link));
  for (const { link, file, line, mark } of plan.honoured) {
    const by = mark === undefined || mark.by === "serial" ? "" : `, which it knows as ${describeMark(mark)}`;
    operator.tell(
      "info",
      `${link} is made by ${file} (line ${line}) already, for the same board${by}: that rule stays.`,
    );
  }
  return { pair, links, chosen, named, plan };
}

/**
 * Has the rules written, by root, and checks that the names lead to the right arms.
 * Throws an Error that says what could not be written, or which name leads elsewhere; what {@link checkPair} throws.
 */
export async function carryOut(assignment: Assignment, operator: Operator): Promise<Assigned> {
  const { pair, plan, chosen } = assignment;
  const { leader, follower } = chosen;
  const done = await nameBoards({ pair, leader: boardOf(leader), follower: boardOf(follower) });
  if (done.isPairMade) {
    operator.tell("done", `${pairConfigPath(pair)} is made: the pair's settings, all of them defaults.`);
  }
  operator.tell("done", done.isWritten ? `${plan.path} is written.` : `${plan.path} says so already.`);
  if (!done.isApplied) {
    operator.tell(
      "warning",
      "udev does not run here (a container?): the names will be there once the machine has booted",
    );
    return { usable: true, arms: [] };
  }
  await verifyLinks(assignment, operator);
  const arms = ROLES.map((role) => chooseArm(role, { pair }));
  const { usable } = await checkPair(pair, arms, operator);
  return { usable, arms };
}

/** A board whose names are not only to be printed is there. */
function boardOf({ path, serial }: Chosen): BoardOfArm {
  if (path === undefined) throw new Error("a board that is not plugged in gets no name");
  return { port: path, ...(serial !== undefined && { serial }) };
}

/** By what the board of a role will be known. */
async function nameBoard(
  arm: string,
  role: Role,
  link: string,
  chosen: Readonly<Record<Role, Chosen>>,
  operator: Operator,
): Promise<NamedBoard> {
  const board = chosen[role];
  const { mark, doubt } = await markFor(arm, board);
  if (mark.by !== "socket") return { link, mark };
  const other = chosen[role === "leader" ? "follower" : "leader"];
  if (other.path === board.path) throw new UsageError("leader and follower are the same board");
  operator.tell(
    "warning",
    `The ${arm}'s board ${doubt}: it is known by the USB socket it is in (${mark.socket}). Always plug it in there; ` +
      `whatever is in that socket is taken for the ${arm}.`,
  );
  return { link, mark };
}
