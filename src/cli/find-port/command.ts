/** `so101 find-port`: the boards that are there, and which arm is on which. */
import { Command } from "commander";
import type { ArmChoice } from "../../config/choose-arm.ts";
import { findMoved, withBoards } from "../../workflows/find-port/find-port.ts";
import { interruptible } from "../interrupt.ts";
import { operatorFor } from "../operator/operator-for.ts";
import { addJsonOption } from "../options/arm.ts";
import { positiveSeconds } from "../options/values.ts";
import { describeBoard, eventOf } from "./describe.ts";

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

function findPort(ports: readonly string[], { json, list, wait, ...choice }: Options): Promise<void> {
  return interruptible(async (signal) => {
    const operator = operatorFor({ json, ...choice }, signal);
    await withBoards(ports, choice, operator, async (boards) => {
      for (const board of boards) {
        operator.event(eventOf(board), { tone: "info", message: describeBoard(board) });
      }
      const watches = wait !== undefined || (operator.attended && !list);
      if (!watches) return;
      if (operator.attended) operator.tell("info", "Ctrl-C ends the watching.");
      await findMoved(boards, operator, wait);
    });
  });
}
