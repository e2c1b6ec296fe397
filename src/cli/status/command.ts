/** `so101 status`: what the service does, and how its arms are. */
import { Command } from "commander";
import { askService, watchService } from "../../api/client.ts";
import type { Status } from "../../api/protocol.ts";
import { flushLines, isRead, printLine } from "../../linux/stdout.ts";
import { Interrupted } from "../../workflows/errors.ts";
import { interruptible } from "../interrupt.ts";
import { addJsonOption } from "../options/arm.ts";
import { addServiceOptions, type ServiceOptions, socketPaths } from "../options/service.ts";
import { liveScreen } from "../output/live.ts";
import { describeStatus } from "./describe.ts";

interface Options extends ServiceOptions {
  readonly json?: true;
  readonly watch?: true;
}

/** On a terminal; elsewhere each second. */
const REDRAW_EVERY_MS = 200;
const PRINT_EVERY_MS = 1_000;

/** Makes the command. */
export function statusCommand(): Command {
  const command = new Command("status")
    .summary("say what the service does, and how its arms are")
    .description(
      "Says in which state the service is, since when and why, how well it keeps its rate, what the servos of both " +
        "arms report, what is wrong now, and what happened last. The exit code is 1 when it does not run.",
    )
    .option("--watch", "go on saying it; Ctrl-C ends it")
    .action(status);
  return addJsonOption(addServiceOptions(command));
}

async function status({ json, watch, ...service }: Options): Promise<void> {
  const paths = socketPaths(service);
  if (watch) {
    await interruptible((signal) => follow(paths, json === true, signal));
    return;
  }
  print((await askService(paths, { do: "status" }))!, json === true);
}

async function follow(paths: readonly string[], json: boolean, signal: AbortSignal): Promise<void> {
  const live = process.stdout.isTTY && !json;
  const screen = live ? liveScreen() : undefined;
  try {
    for await (const status of watchService(paths, live ? REDRAW_EVERY_MS : PRINT_EVERY_MS, signal)) {
      if (screen === undefined) print(status, json);
      else {
        screen.draw([], describeStatus(status, { eventsFirst: true }));
      }
      if (!isRead()) return;
    }
  } catch (error) {
    // To be ended is what watching waits for.
    if (!(error instanceof Interrupted)) throw error;
  } finally {
    screen?.end();
    flushLines();
  }
}

function print(status: Status, json: boolean): void {
  printLine(json ? JSON.stringify(status) : describeStatus(status).join("\n"));
}
