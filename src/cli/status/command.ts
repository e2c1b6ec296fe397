/** `so101 status`: what the service does, and how its arms are. */
import { Command } from "commander";
import { askService, watchService } from "../../api/client.ts";
import type { Status } from "../../api/protocol.ts";
import { flushLines, isRead, printLine } from "../../linux/text/stdout.ts";
import { Interrupted } from "../../workflows/errors.ts";
import { pause } from "../../workflows/pause.ts";
import { askEachPair, lineOf, type PairAnswer, printAnswers } from "../each-pair.ts";
import { interruptible } from "../interrupt.ts";
import { addJsonOption } from "../options/arm.ts";
import { addAllOption, addServiceOptions, type ServiceOptions, socketPaths } from "../options/service.ts";
import { liveScreen } from "../output/live.ts";
import { describeStatus } from "./describe.ts";

interface Options extends ServiceOptions {
  readonly json?: true;
  readonly watch?: true;
  readonly all?: true;
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
  return addJsonOption(addAllOption(addServiceOptions(command)));
}

async function status({ json, watch, all, ...service }: Options): Promise<void> {
  if (all)
    return watch ? interruptible((signal) => watchAll(json, signal)) : printAnswers(await askAll(), json);
  const paths = socketPaths(service);
  const textOf = (status: Status) => (json ? JSON.stringify(status) : describeStatus(status).join("\n"));
  if (!watch) printLine(textOf((await askService(paths, { do: "status" }))!));
  else if (process.stdout.isTTY && !json) await interruptible((signal) => watchLive(paths, signal));
  else await interruptible((signal) => watchLines(paths, textOf, signal));
}

/** The status of every pair's service. */
function askAll(): Promise<PairAnswer[]> {
  return askEachPair(async (sockets) => {
    const status = (await askService(sockets, { do: "status" }))!;
    return { text: describeStatus(status)[0]!, fields: status };
  });
}

/** Shows every pair's status again and again, also of those whose service does not run now. */
async function watchAll(json: true | undefined, signal: AbortSignal): Promise<void> {
  const isLive = process.stdout.isTTY && !json;
  const screen = isLive ? liveScreen() : undefined;
  try {
    while (isRead()) {
      const lines = (await askAll()).map((answer) => lineOf(answer, json));
      if (screen === undefined) for (const line of lines) printLine(line);
      else screen.draw([], lines);
      await pause(PRINT_EVERY_MS, signal);
    }
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
  } finally {
    screen?.end();
    flushLines();
  }
}

async function watchLive(paths: readonly string[], signal: AbortSignal): Promise<void> {
  const screen = liveScreen();
  try {
    await follow(paths, REDRAW_EVERY_MS, signal, (status) =>
      screen.draw([], describeStatus(status, { newest: "first" })),
    );
  } finally {
    screen.end();
  }
}

async function watchLines(
  paths: readonly string[],
  textOf: (status: Status) => string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await follow(paths, PRINT_EVERY_MS, signal, (status) => printLine(textOf(status)));
  } finally {
    flushLines();
  }
}

/** Shows the status again and again, until the signal ends it or nobody reads any more. */
async function follow(
  paths: readonly string[],
  everyMs: number,
  signal: AbortSignal,
  show: (status: Status) => void,
): Promise<void> {
  try {
    for await (const status of watchService(paths, everyMs, signal)) {
      show(status);
      if (!isRead()) return;
    }
  } catch (error) {
    // To be ended is what watching waits for.
    if (!(error instanceof Interrupted)) throw error;
  }
}
