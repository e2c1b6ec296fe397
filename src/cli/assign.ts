/** `so101 assign`: names this machine's boards, so that each arm has the same path wherever it is plugged in. */
import { Command } from "commander";
import { MAIN_PAIR, pairToName } from "../config/pairs.ts";
import { describeMark } from "../host/board-mark.ts";
import { printLine } from "../linux/stdout.ts";
import { command } from "../messages/audience.ts";
import { type Assignment, carryOut, planAssignment } from "../workflows/assign/assign.ts";
import { type BoardName, boardNames } from "../workflows/assign/names.ts";
import { argumentsFor, chooseSource, uncalibrated } from "../workflows/assign/next.ts";
import type { Operator } from "../workflows/operator.ts";
import { interruptible } from "./interrupt.ts";
import { operatorFor } from "./operator/operator-for.ts";
import { addJsonOption, addYesOption } from "./options/arm.ts";

interface Options {
  readonly pair?: string;
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
        "to the right arms, and says what is still missing. It may be run again at any time.",
    )
    .option("--pair <name>", "which pair of arms (default: the main one)")
    .option("--leader <serial>", "serial number, or the port, of the leader's board")
    .option("--follower <serial>", "serial number, or the port, of the follower's board")
    .option("--print", "print the rules instead of writing them")
    .option("--show", "show which boards have which names, and change nothing")
    .addHelpText(
      "after",
      `
Examples:
  sudo so101 assign
  sudo so101 assign --leader 5AB9067929 --follower 5AB9067722
  sudo so101 assign --pair left
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
    const { pair = MAIN_PAIR, leader, follower, print } = options;
    if (!print && process.geteuid?.() !== 0) {
      throw new Error(`writing udev's rules takes root — run it as: ${command(operator.audience, "assign")}`);
    }
    const given = { leader, follower, ...(print && { absent: "allowed" as const }) };
    const assignment = await planAssignment(pair, given, operator);
    if (print) printRules(assignment, options);
    else await write(assignment, operator);
  });
}

function printRules({ plan: { path, text } }: Assignment, { json }: Options): void {
  printLine(json ? JSON.stringify({ event: "rules", path, text }) : text.trimEnd());
}

async function write(assignment: Assignment, operator: Operator): Promise<void> {
  const { pair } = assignment;
  const { usable, arms } = await carryOut(assignment, operator);
  if (!usable) process.exitCode = 1;
  for (const arm of uncalibrated(arms)) {
    const source = await chooseSource(arm, operator);
    if (source !== undefined) await runSelf(argumentsFor(source, arm, pair));
  }
  if (arms.length > 0 && pair !== MAIN_PAIR) {
    operator.tell(
      "info",
      `When its calibrations are there: sudo systemctl enable --now so101-teleop@${pair}`,
    );
  }
}

/** Runs another of the program's commands on this terminal. */
async function runSelf(args: readonly string[]): Promise<void> {
  const { exited } = Bun.spawn([process.execPath, ...args], { stdio: ["inherit", "inherit", "inherit"] });
  const code = await exited;
  if (code !== 0) process.exitCode = code;
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
