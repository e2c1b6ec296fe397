/** `so101 find-port`: the boards that are there, and which arm is on which. */
import { Command } from "commander";
import type { ArmConnection } from "../arm/connection.ts";
import { type ArmChoice, calibrationDirFor, pairConfig } from "../config/choose-arm.ts";
import { type Config, ConfigError } from "../config/config.ts";
import { describeBoard, eventOf, type FoundBoard, findBoards } from "../workflows/find-port/look.ts";
import { watchForMotion } from "../workflows/motion.ts";
import { interruptible } from "./interrupt.ts";
import { type Dialogue, dialogueFor } from "./operator/dialogue.ts";
import { addJsonOption, positiveSeconds } from "./options/arm.ts";

interface Options extends ArmChoice {
  readonly list?: true;
  readonly wait?: number;
  readonly json?: true;
}

/** Makes the command. */
export function findPortCommand(): Command {
  const command = new Command("find-port")
    .summary("list the boards and find out which arm is on which")
    .description(
      "Lists the USB boards, the configured ports and any others that are named, with what answers on each. On a " +
        "terminal it then watches them all while you move one arm by hand, and says which one that is. It only reads.",
    )
    .argument("[ports...]", "further ports to look at")
    .option("--pair <name>", "which configured pair of arms (default: the only one)")
    .option("--config <file>", "configuration file of the pair")
    .option("--calibration-dir <dir>", "root of the calibration files that tell arms apart")
    .option("--list", "only list")
    .option(
      "--wait <s>",
      "watch for so long for an arm that is moved; exit code 1 when none is",
      positiveSeconds,
    )
    .action(findPort);
  return addJsonOption(command);
}

function findPort(ports: readonly string[], options: Options): Promise<void> {
  return interruptible(async (signal) => {
    const dialogue = dialogueFor(options, signal);
    const config = configIfThere(options);
    const boards = await findBoards(ports, config, calibrationDirFor(options));
    try {
      report(boards, dialogue);
      const watches = options.wait !== undefined || (dialogue.kind === "terminal" && !options.list);
      if (watches) await watch(boards, options.wait, dialogue, signal);
    } finally {
      for (const { link } of boards) await link.close();
    }
  });
}

/** Which ports are configured is worth knowing, and no more. One that was named must be there. */
function configIfThere(options: Options): Config | undefined {
  try {
    return pairConfig(options);
  } catch (error) {
    if (error instanceof ConfigError && options.pair === undefined && options.config === undefined)
      return undefined;
    throw error;
  }
}

function report(boards: readonly FoundBoard[], dialogue: Dialogue): void {
  if (boards.length === 0) {
    throw new Error(
      "no board is there — plug in the arm's USB board (a cable that only charges will not do), or name its port",
    );
  }
  for (const board of boards) {
    dialogue.event(eventOf(board));
    if (dialogue.kind !== "json") dialogue.say(describeBoard(board));
  }
}

async function watch(
  boards: readonly FoundBoard[],
  waitS: number | undefined,
  dialogue: Dialogue,
  signal: AbortSignal,
): Promise<void> {
  const links: ArmConnection[] = boards.filter(({ heldBy }) => heldBy === undefined).map(({ link }) => link);
  if (links.length === 0) throw new Error("no board can be watched: each is in use by another program");
  dialogue.say("Move one of the arms by hand, any joint of it, by a quarter turn. Ctrl-C ends the watching.");
  const moved = await watchForMotion(links, waitS, dialogue, signal);
  if (moved === undefined) throw new Error(`no arm was moved within ${waitS} s`);
  const board = boards.find(({ link }) => link === moved.arm)!;
  dialogue.event({
    event: "moved",
    path: board.path,
    serial: board.board?.serial ?? null,
    joint: moved.joint,
  });
  const who = board.holds.map(({ role, id }) => `${role} "${id}"`).join(" and ");
  dialogue.done(
    `The arm that was moved (${moved.joint}) is on ${board.path}` +
      `${board.board?.serial === undefined ? "" : `, serial ${board.board.serial}`}` +
      `${who === "" ? "" : `: it holds the calibration of ${who}`}.`,
  );
}
