/** `so101 record`: what the leader and the follower do, as a dataset of LeRobot's. */
import { join, resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { armsOf } from "../../api/client.ts";
import { isGivenTask, LONGEST_TASK, type Recording } from "../../api/recording.ts";
import { DATASETS_DIR } from "../../config/datasets.ts";
import { DatasetWriter } from "../../dataset/writer.ts";
import { giveBackCode } from "../../linux/scheduling.ts";
import { sayFewTicks } from "../../messages/recording.ts";
import type { SessionEnd } from "../../recording/episode.ts";
import { ServiceLink } from "../../recording/link.ts";
import { Session } from "../../recording/session.ts";
import { messageOf } from "../../workflows/api-problem.ts";
import { Interrupted, UsageError } from "../../workflows/errors.ts";
import { interruptible } from "../interrupt.ts";
import { addJsonOption } from "../options/arm.ts";
import { readerOf } from "../options/audience.ts";
import { addServiceOptions, type ServiceOptions, socketPaths } from "../options/service.ts";
import { positiveSeconds } from "../options/values.ts";
import { jsonOutput, lineOutput, type RecordOutput, screenOutput } from "./output.ts";

interface Options extends ServiceOptions {
  readonly dataset?: string;
  readonly task: string;
  readonly fps: number;
  readonly episodeTime?: number;
  readonly resetTime?: number;
  readonly episodes?: number;
  readonly resume?: true;
  readonly unattended?: true;
  readonly json?: true;
}

/** So often a second a pair's samples may be recorded: as often as the loop's default has ticks. */
const FASTEST_FPS = 200;
/** How the recorder is is told to the service so often at least. */
const TELL_EVERY_MS = 1_000;
/** Of the code that the start has used, little is needed again. */
const TIDY_EVERY_MS = 2_000;

/** Makes the command. */
export function recordCommand(): Command {
  const command = new Command("record")
    .summary("record what the arms do as a dataset of LeRobot's")
    .description(
      "Records episodes of teleoperation as a LeRobotDataset v3.0, from the running service: the leader's positions as " +
        "action, the follower's as observation.state. An episode that is saved survives a loss of power.",
    )
    .requiredOption("--task <text>", "what the arm does, in a sentence", taskText)
    .option(
      "--dataset <dir>",
      `folder of the dataset (default: a new one, named by the time, in ${DATASETS_DIR})`,
    )
    .option("--fps <n>", `frames a second, 1 to ${FASTEST_FPS}`, framesPerSecond, 30)
    .option(
      "--episode-time <s>",
      "an episode ends after so long (default: when it is ended)",
      positiveSeconds,
    )
    .option(
      "--reset-time <s>",
      "the next episode begins by itself after so long (default: when it is begun)",
      positiveSeconds,
    )
    .option("--episodes <n>", "end after so many", wholeNumber)
    .option("--resume", "go on with the dataset that is there")
    .option("--unattended", "ask nobody at the terminal: orders come from the page, or the control socket");
  return addJsonOption(addServiceOptions(command))
    .addHelpText(
      "after",
      `
Keys:
  →, Enter or space  begins an episode, and ends it: it is saved
  ←                  gives the running episode up, to record it again; between two,
                     removes the last one, to record that again
  d                  discards the running episode
  Esc                ends the session; an episode that is running is saved
  Ctrl-C             ends it, too; an episode that is running is not saved

Off a terminal nobody can press a key: with --episode-time the first episode
begins by itself; without it the page begins and ends each.

Examples:
  so101 record --task "Put the cube into the box" --dataset cubes
  so101 record --task "Put the cube into the box" --dataset cubes --resume --episodes 10
  so101 record --task "Open the drawer" --episode-time 20 --reset-time 10 --episodes 50

Exit codes: 0 done, 1 it failed, 2 wrong usage, 130 interrupted before its job was done.`,
    )
    .action((options: Options) => interruptible((signal) => record(options, signal)));
}

async function record(options: Options, signal: AbortSignal): Promise<void> {
  const { fps, task, episodes, resetTime: resetS, episodeTime: episodeS, json, unattended } = options;
  const sockets = socketPaths(options);
  const dir = folderOf(options, new Date());
  const { normalisation: units, rateHz } = await armsOf(sockets);
  if (fps > rateHz) throw new UsageError(sayFewTicks(fps, rateHz));
  const isAtTerminal = !json && !unattended && process.stdin.isTTY && process.stdout.isTTY;
  const tidying = setInterval(giveBackCode, TIDY_EVERY_MS);
  let link: ServiceLink | undefined;
  let writer: DatasetWriter | undefined;
  let output: RecordOutput | undefined;
  try {
    let session: Session | undefined;
    // One recorder at a time: who comes second has touched nothing.
    link = await ServiceLink.open(sockets, {
      order: (order) => session?.order(order),
      lost: (error) => session?.lostService(error),
      found: () => session?.foundService(),
    });
    writer = await (options.resume
      ? DatasetWriter.resume(dir, { fps, units })
      : DatasetWriter.create(dir, { fps, units }));
    output = json ? jsonOutput() : isAtTerminal ? screenOutput(() => session!) : lineOutput(hintOf(options));
    const tell = teller(link);
    session = new Session({
      plan: {
        ...{ task, fps, units, episodeS, resetS, episodes },
        begins: isAtTerminal || unattended || episodeS === undefined ? "by an order" : "by itself",
      },
      ...{ dir, sink: writer, sockets },
      show(recording) {
        output!.show(recording);
        tell(recording);
      },
      explain: (error) => messageOf(error, readerOf(options)),
    });
    signal.addEventListener("abort", () => session!.interrupt(), { once: true });
    if (signal.aborted) session.interrupt();
    const end = await session.run();
    output.end(end);
    output = undefined;
    settle(end, session.recording, options);
  } finally {
    output?.end({ how: "failed", message: "" });
    clearInterval(tidying);
    writer?.close();
    link?.close();
  }
}

/** Off a terminal: who begins an episode, where nothing does by itself. */
function hintOf({ episodeTime, unattended }: Options): string | undefined {
  if (episodeTime !== undefined || unattended) return undefined;
  return "no key can be pressed here: episodes are begun and ended on the page, or give --episode-time";
}

/** Tells the service what has changed at once, and the rest once a second. */
function teller(link: ServiceLink): (recording: Recording) => void {
  let last: Recording | undefined;
  let lastMs = 0;
  return (recording) => {
    const nowMs = performance.now();
    const isChange =
      last?.is !== recording.is || last.saved !== recording.saved || last.message !== recording.message;
    if (!isChange && nowMs - lastMs < TELL_EVERY_MS) return;
    [last, lastMs] = [recording, nowMs];
    link.say(recording);
  };
}

/** Throws what makes the exit code of an end that is not as was wanted. */
function settle({ how, message }: SessionEnd, { saved }: Recording, { episodes }: Options): void {
  if (how === "failed") throw new Error(message);
  const isMissing = episodes !== undefined && saved < episodes;
  const isGivenUp = how === "interrupted" && message !== "";
  if (how === "interrupted" && (isMissing || isGivenUp)) throw new Interrupted(message || "interrupted");
}

/** The folder of the dataset. */
function folderOf({ dataset, resume }: Options, now: Date): string {
  if (dataset !== undefined) {
    if (dataset === "") throw new UsageError("--dataset is empty: name a folder");
    return resolve(dataset);
  }
  if (resume) throw new UsageError("--resume goes on with a dataset: name its folder with --dataset");
  const two = (value: number) => String(value).padStart(2, "0");
  const day = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join("");
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join("");
  return join(DATASETS_DIR, `so101_${day}_${time}`);
}

function taskText(text: string): string {
  if (isGivenTask(text)) return text;
  throw new InvalidArgumentError(
    `Say in 1 to ${LONGEST_TASK} characters what the arm does, such as "Put the cube into the box".`,
  );
}

function framesPerSecond(text: string): number {
  const value = wholeNumber(text);
  if (value <= FASTEST_FPS) return value;
  throw new InvalidArgumentError(`Expected a whole number from 1 to ${FASTEST_FPS}.`);
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Expected a whole number, 1 or more.");
}
