/** Two pairs of arms as one bimanual set-up of LeRobot's: their boards, their ids, their services. */
import { armIdProblem } from "../../arm/calibration/tree.ts";
import { ROLES } from "../../arm/joints.ts";
import { type ChosenArm, chooseArm } from "../../config/choose-arm.ts";
import { defaultConfigOf } from "../../config/config.ts";
import { MAIN_PAIR, unitOf } from "../../config/pairs.ts";
import { listBoards } from "../../host/boards.ts";
import { disableUnit, enableUnit, isBooted, restartIfRunning, startUnit } from "../../host/service.ts";
import { udevRuns } from "../../host/udev.ts";
import { command } from "../../messages/audience.ts";
import { applyNames } from "../../root/name-boards.ts";
import { type RulesPlan, writeRules } from "../../root/rules.ts";
import type { ListBoards } from "../boards.ts";
import { Interrupted, UsageError } from "../errors.ts";
import type { Operator } from "../operator.ts";
import { type Assignment, planAssignment } from "./assign.ts";
import type { GivenBoards } from "./choose.ts";
import { makeConfig, setIds } from "./pair.ts";
import { checkPair, verifyLinks } from "./verify.ts";

/** The pairs of a bimanual set-up, by LeRobot's names. */
export const SIDES = ["left", "right"] as const;

/** One of them. */
export type Side = (typeof SIDES)[number];

/** What a set-up needs to know of each side. */
export interface SideChoice {
  readonly given: GivenBoards;
  /** Who reads what is said about it: commands in messages name the pair. */
  readonly operator: Operator;
}

/** Which board is to be which of four arms. */
export interface Bimanual {
  /** LeRobot's id of the whole: those of the sides are made of it. */
  readonly name: string;
  readonly sides: Readonly<Record<Side, Assignment>>;
  /** One rules file for all four. */
  readonly plan: RulesPlan;
}

/** LeRobot's id of both arms of a side. */
export function idOf(name: string, side: Side): string {
  return `${name}_${side}`;
}

/**
 * Finds out which board is which of the four arms. Nothing is changed. The boards of the single pair may be among them.
 * Throws {@link UsageError}, {@link ConfigError}, or an Error that says what is missing or in the way.
 */
export async function planBimanual(
  name: string,
  choices: Readonly<Record<Side, SideChoice>>,
  list: ListBoards = listBoards,
): Promise<Bimanual> {
  const problem = armIdProblem(idOf(name, "left"));
  if (problem !== undefined) throw new UsageError(`--bimanual: ${problem}`);
  await requireFour(choices, list);
  const freed = [MAIN_PAIR, ...SIDES].flatMap((pair) => {
    const config = defaultConfigOf(pair);
    return ROLES.map((role) => config[role].port);
  });
  const plan = (side: Side, taken: readonly string[]) => {
    const { given, operator } = choices[side];
    return planAssignment(side, { ...given, side, taken, freed }, operator, list);
  };
  const left = await plan("left", []);
  const right = await plan(
    "right",
    ROLES.flatMap((role) => left.chosen[role].path ?? []),
  );
  return { name, sides: { left, right }, plan: together(left.plan, right.plan) };
}

/**
 * Sets both pairs up, once the operator agrees: rules, configuration files with LeRobot's ids, services enabled, and the
 * single pair's disabled. Needs root. Returns the arms that were looked at; none where the names will be there only
 * after the next boot.
 * Throws {@link Interrupted} when the operator does not agree: nothing was changed then; an Error that says what could
 * not be written, or which name leads elsewhere; {@link ServiceError}; what {@link checkPair} throws.
 */
export async function carryOutBimanual(
  { name, sides, plan }: Bimanual,
  operators: Readonly<Record<Side, Operator>>,
): Promise<{ readonly usable: boolean; readonly arms: Readonly<Record<Side, readonly ChosenArm[]>> }> {
  const operator = operators.left;
  if (!(await operator.ask(questionOf(name)))) throw new Interrupted("nothing was changed");
  const written = await writeRules(plan);
  operator.tell("done", written ? `${plan.path} is written.` : `${plan.path} says so already.`);
  for (const side of SIDES) {
    await makeConfig(side, operators[side]);
    const changed = await setIds(side, idOf(name, side), operators[side]);
    if (changed && isBooted()) await restartIfRunning(unitOf(side));
  }
  const isLive = udevRuns();
  if (isLive) for (const side of SIDES) await applied(sides[side], operators[side]);
  // Not before both can be enabled: a machine without any service would be worse than it was.
  for (const side of SIDES) await enableUnit(unitOf(side));
  await disableUnit(unitOf(MAIN_PAIR));
  if (isBooted()) for (const side of SIDES) await startUnit(unitOf(side));
  operator.event(
    { event: "bimanual", name, pairs: [...SIDES], disabled: MAIN_PAIR },
    {
      tone: "done",
      message: `The services of both pairs are enabled, that of the single pair is disabled: "${command({}, "status", "--all")}" says how they are.`,
    },
  );
  if (!isLive) {
    operator.tell(
      "warning",
      "udev does not run here (a container?): the names will be there once the machine has booted",
    );
    return { usable: true, arms: { left: [], right: [] } };
  }
  let usable = true;
  const arms = { left: armsOf("left"), right: armsOf("right") };
  for (const side of SIDES) {
    operators[side].tell("info", `The ${side} pair:`);
    usable = (await checkPair(side, arms[side], operators[side])).usable && usable;
  }
  return { usable, arms };
}

async function applied(assignment: Assignment, operator: Operator): Promise<void> {
  const { pair, links, chosen } = assignment;
  await applyNames(
    pair,
    ROLES.map((role) => ({ link: links[role], port: chosen[role].path })),
  );
  await verifyLinks(assignment, operator);
}

function armsOf(pair: Side): ChosenArm[] {
  return ROLES.map((role) => chooseArm(role, { pair }));
}

function questionOf(name: string): string {
  return (
    `Two pairs of arms are set up, left and right: their boards get names, and their arms LeRobot's ids ${idOf(name, "left")} ` +
    `and ${idOf(name, "right")} in their configuration files. The services ${SIDES.map(unitOf).join(" and ")} are enabled ` +
    `and started: the followers will move. ${unitOf(MAIN_PAIR)}, the single pair's, is stopped, which releases its ` +
    "follower, and disabled. Go on?"
  );
}

/** Said before anybody has moved an arm for it. */
async function requireFour(
  { left, right }: Readonly<Record<Side, SideChoice>>,
  list: ListBoards,
): Promise<void> {
  const given = [left.given, right.given].flatMap(({ leader, follower }) => [leader, follower]);
  const named = given.filter((one) => one !== undefined);
  if (new Set(named).size < named.length)
    throw new UsageError("two of the arms have the same board: each has its own");
  if (named.length === given.length) return;
  if (!left.operator.attended) {
    throw new UsageError(
      "which board is which arm? Nobody can be asked here: give --left-leader, --left-follower, --right-leader and --right-follower",
    );
  }
  const boards = await list();
  if (boards.length >= given.length) return;
  const there = boards.map(({ path }) => path).join(", ");
  throw new Error(
    `${boards.length} of four boards are plugged in${there === "" ? "" : ` (${there})`} — plug in those of both pairs`,
  );
}

/** Both sides' rules in one file: each plan has those of other boards too. */
function together(left: RulesPlan, right: RulesPlan): RulesPlan {
  const lines = left.text.split("\n").slice(0, -1);
  const more = right.text
    .split("\n")
    .slice(0, -1)
    .filter((line) => !lines.includes(line));
  return {
    path: left.path,
    text: `${[...lines, ...more].join("\n")}\n`,
    honoured: [...left.honoured, ...right.honoured],
  };
}
