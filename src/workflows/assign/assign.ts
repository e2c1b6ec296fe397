/** Assigning boards to arms: naming this machine's boards, so that each arm has the same path wherever it is plugged in. */
import { join } from "node:path";
import { ROLES, type Role } from "../../arm/joints.ts";
import { type ChosenArm, chooseArm } from "../../config/choose-arm.ts";
import { describeMark, isPlainValue, isWritableMark } from "../../host/board-mark.ts";
import { listBoards } from "../../host/boards.ts";
import {
  type NamedBoard,
  type NamingRule,
  namingRules,
  RULES_DIR,
  RULES_FILE,
} from "../../host/naming-rules.ts";
import { type DeviceFacts, factsOf, udevRuns, usbSocketOf } from "../../host/udev.ts";
import { visible } from "../../linux/text/visible.ts";
import type { ListBoards } from "../boards.ts";
import { UsageError } from "../errors.ts";
import type { Operator } from "../operator.ts";
import { type Chosen, chooseBoards, type GivenBoards, nameOf } from "./choose.ts";
import { linksOf, makeConfig, type PairLinks } from "./pair.ts";
import { planRules, type RulesPlan, writeRules } from "./rules.ts";
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
 * Writes the rules, and checks that the names lead to the right arms. Needs root.
 * Throws an Error that says what could not be written, or which name leads elsewhere; what {@link checkPair} throws.
 */
export async function carryOut(assignment: Assignment, operator: Operator): Promise<Assigned> {
  const { pair, plan } = assignment;
  const changed = await writeRules(plan);
  await makeConfig(pair, operator);
  operator.tell("done", changed ? `${plan.path} is written.` : `${plan.path} says so already.`);
  if (!udevRuns()) {
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

/** By what the board of a role will be known. */
async function nameBoard(
  arm: string,
  role: Role,
  link: string,
  chosen: Readonly<Record<Role, Chosen>>,
  operator: Operator,
): Promise<NamedBoard> {
  const board = chosen[role];
  const { serial, vendorId, productId } = board;
  const isUnique = serial !== undefined && isPlainValue(serial) && !board.isTwin;
  if (isUnique) {
    // What a board says of its kind need not be numbers either.
    const kind = Object.fromEntries(
      Object.entries({ vendorId, productId }).filter(([, id]) => id !== undefined && isPlainValue(id)),
    );
    return { link, mark: { by: "serial", serial, ...kind } };
  }
  const why = whyNotBySerial(board);
  const socket = board.path === undefined ? undefined : await usbSocketOf(board.path);
  if (socket === undefined) {
    throw new Error(
      `the ${arm}'s board ${why}, and udev does not know its USB socket: use a board with a serial number`,
    );
  }
  const mark = { by: "socket", socket } as const;
  if (!isWritableMark(mark)) {
    throw new Error(
      `the ${arm}'s board ${why}, and udev calls its USB socket ${visible(JSON.stringify(socket))}, of which no rule can ` +
        "be made: use a board with a serial number",
    );
  }
  const other = chosen[role === "leader" ? "follower" : "leader"];
  if (other.path === board.path) throw new UsageError("leader and follower are the same board");
  operator.tell(
    "warning",
    `The ${arm}'s board ${why}: it is known by the USB socket it is in (${socket}). Always plug it in there; ` +
      `whatever is in that socket is taken for the ${arm}.`,
  );
  return { link, mark };
}

function whyNotBySerial({ serial, isTwin }: Chosen): string {
  if (serial === undefined) return "has no serial number";
  return isTwin
    ? `has the serial number ${serial}, as another board here`
    : `has the serial number ${JSON.stringify(serial)}, which udev cannot tell from others`;
}
