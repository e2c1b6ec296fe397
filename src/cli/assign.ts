/** `so101 assign`: names this machine's boards, so that each arm has the same path wherever it is plugged in. */
import { Command, Option } from "commander";
import type { ChosenArm } from "../config/choose-arm.ts";
import { MAIN_PAIR, pairToName } from "../config/pairs.ts";
import { describeMark } from "../host/board-mark.ts";
import { runSelf } from "../host/programs.ts";
import { printLine } from "../linux/text/stdout.ts";
import { command } from "../messages/audience.ts";
import type { RulesPlan } from "../root/rules.ts";
import { type Assignment, carryOut, planAssignment } from "../workflows/assign/assign.ts";
import { carryOutBimanual, planBimanual, SIDES } from "../workflows/assign/bimanual.ts";
import { type BoardName, boardNames } from "../workflows/assign/names.ts";
import { argumentsFor, chooseSource, uncalibrated } from "../workflows/assign/next.ts";
import { UsageError } from "../workflows/errors.ts";
import type { Operator } from "../workflows/operator.ts";
import { interruptible } from "./interrupt.ts";
import { operatorFor } from "./operator/operator-for.ts";
import { addJsonOption, addYesOption } from "./options/arm.ts";

interface Options {
  readonly pair?: string;
  readonly bimanual?: string;
  readonly leftLeader?: string;
  readonly leftFollower?: string;
  readonly rightLeader?: string;
  readonly rightFollower?: string;
  readonly leader?: string;
  readonly follower?: string;
  readonly print?: true;
  readonly show?: true;
  readonly yes?: true;
  readonly json?: true;
}

/** Makes the command. */
export function assignCommand(): Command {
  const assigning = new Command("assign")
    .summary("say which board is which arm, once and for all")
    .description(
      "Finds the USB boards, asks which one is the leader's and which one the follower's, and writes the udev rules " +
        "by which each gets its name in /dev, whichever socket it is plugged into. Then it checks that the names lead " +
        "to the right arms, and says what is still missing. It may be run again at any time. With --bimanual it does so " +
        "for two pairs, enables and starts the services of both, and disables that of the single pair; it asks first.",
    )
    .option("--pair <name>", "which pair of arms (default: the main one)")
    .option("--leader <serial>", "serial number, or the port, of the leader's board")
    .option("--follower <serial>", "serial number, or the port, of the follower's board")
    .addOption(
      new Option(
        "--bimanual <name>",
        "set up two pairs, left and right, with LeRobot's ids <name>_left and <name>_right",
      ).conflicts(["pair", "leader", "follower", "show"]),
    )
    .option("--left-leader <serial>", "with --bimanual: serial number, or the port, of that arm's board")
    .option("--left-follower <serial>", "likewise")
    .option("--right-leader <serial>", "likewise")
    .option("--right-follower <serial>", "likewise")
    .option("--print", "print the rules instead of writing them")
    .option("--show", "show which boards have which names, and change nothing")
    .addHelpText(
      "after",
      `
Examples:
  sudo so101 assign
  sudo so101 assign --leader 5AB9067929 --follower 5AB9067722
  sudo so101 assign --pair left
  sudo so101 assign --bimanual my_arms
  so101 assign --show`,
    )
    .action(assign);
  return addJsonOption(addYesOption(assigning));
}

function assign(options: Options): Promise<void> {
  return interruptible(async (signal) => {
    const pairName = options.pair ?? pairToName(MAIN_PAIR);
    const operator = operatorFor({ ...options, pair: pairName }, signal);
    if (options.show) return show(await boardNames(), operator);
    const { pair = MAIN_PAIR, bimanual, leader, follower, print } = options;
    if (!print && process.geteuid?.() !== 0) {
      const words = bimanual === undefined ? [] : ["--bimanual", bimanual];
      throw new Error(
        `writing udev's rules takes root — run it as: ${command(operator.audience, "assign", ...words)}`,
      );
    }
    const { leftLeader, leftFollower, rightLeader, rightFollower } = options;
    if (bimanual !== undefined) return assignBoth(bimanual, options, signal);
    if ([leftLeader, leftFollower, rightLeader, rightFollower].some((one) => one !== undefined)) {
      throw new UsageError(
        "--left-leader and the like go with --bimanual: give --leader and --follower for one pair",
      );
    }
    const given = { leader, follower, ...absentIn(options) };
    const assignment = await planAssignment(pair, given, operator);
    if (print) printRules(assignment, options);
    else await write(assignment, operator);
  });
}

/** Rules that are only printed may be those of boards that are not here. */
function absentIn({ print }: Options): { readonly absent?: "allowed" } {
  return print ? { absent: "allowed" } : {};
}

async function assignBoth(name: string, options: Options, signal: AbortSignal): Promise<void> {
  const operators = {
    left: operatorFor({ ...options, pair: "left" }, signal),
    right: operatorFor({ ...options, pair: "right" }, signal),
  };
  const { leftLeader, leftFollower, rightLeader, rightFollower } = options;
  const absent = absentIn(options);
  const bimanual = await planBimanual(name, {
    left: { given: { leader: leftLeader, follower: leftFollower, ...absent }, operator: operators.left },
    right: { given: { leader: rightLeader, follower: rightFollower, ...absent }, operator: operators.right },
  });
  if (options.print) return printRules(bimanual, options);
  const { usable, arms } = await carryOutBimanual(bimanual, operators);
  if (!usable) process.exitCode = 1;
  for (const side of SIDES) await offerCalibrations(arms[side], side, operators[side]);
}

function printRules({ plan: { path, text } }: { readonly plan: RulesPlan }, { json }: Options): void {
  printLine(json ? JSON.stringify({ event: "rules", path, text }) : text.trimEnd());
}

async function write(assignment: Assignment, operator: Operator): Promise<void> {
  const { pair } = assignment;
  const { usable, arms } = await carryOut(assignment, operator);
  if (!usable) process.exitCode = 1;
  await offerCalibrations(arms, pair, operator);
  if (arms.length > 0 && pair !== MAIN_PAIR) {
    operator.tell(
      "info",
      `When its calibrations are there: sudo systemctl enable --now so101-teleop@${pair}`,
    );
  }
}

/** Asks where the calibrations that are missing are to come from, and fetches them. */
async function offerCalibrations(
  arms: readonly ChosenArm[],
  pair: string,
  operator: Operator,
): Promise<void> {
  for (const arm of uncalibrated(arms)) {
    const source = await chooseSource(arm, operator);
    if (source === undefined) continue;
    const code = await runSelf(argumentsFor(source, arm, pair));
    if (code !== 0) process.exitCode = code;
  }
}

function show(names: readonly BoardName[], operator: Operator): void {
  for (const { link, file, line, mark, path } of names) {
    const what = describeMark(mark);
    const nobody = mark.by === "serial" ? ", not plugged in" : ", where no board is now";
    const where = path === undefined ? nobody : `, now ${path}`;
    operator.event(
      { event: "name", link, file, line, ...mark, path: path ?? null },
      { tone: "info", message: `${link}: ${what}${where} (${file}, line ${line})` },
    );
  }
  if (names.length === 0)
    operator.tell("info", `No board has been named yet: ${command(operator.audience, "assign")}`);
}
