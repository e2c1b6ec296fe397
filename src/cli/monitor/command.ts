/** `so101 monitor`: what the servos of an arm report, live. It never changes anything. */

import { Argument, Command } from "commander";
import { CalibrationStore } from "../../arm/calibration/store.ts";
import { nameOfArm } from "../../arm/identity.ts";
import type { Role } from "../../arm/joints.ts";
import { chooseArm } from "../../config/choose-arm.ts";
import { isRead, printLine } from "../../linux/stdout.ts";
import { withLink } from "../../workflows/arm-session.ts";
import { Interrupted, UsageError } from "../../workflows/errors.ts";
import { servedArm } from "../../workflows/monitor/served.ts";
import { BusSource, type Source, type Subject } from "../../workflows/monitor/source.ts";
import { pause } from "../../workflows/pause.ts";
import { interruptible } from "../interrupt.ts";
import { type Dialogue, dialogueFor } from "../operator/dialogue.ts";
import {
  type ArmOptions,
  addArmOptions,
  addJsonOption,
  addYesOption,
  positiveSeconds,
} from "../options/arm.ts";
import type { ServiceOptions } from "../options/service.ts";
import { enterPressed, liveScreen } from "../output/live.ts";
import { complaintsOf, eventOf, type Sample, tableOf } from "./sample.ts";

interface Options extends ArmOptions, ServiceOptions {
  readonly interval: number;
  readonly once?: true;
}

/** Makes the command. */
export function monitorCommand(): Command {
  const command = new Command("monitor")
    .summary("watch what an arm's servos report")
    .description(
      "Shows what each servo of an arm reports: position, speed, load, current, voltage, temperature, errors, and how " +
        "often it could not be read. It only reads: nothing in the arm is changed. While the service has the arm, the " +
        "service is asked. Enter or Ctrl-C ends it.",
    )
    .addArgument(
      new Argument("[arm]", "which arm; may be left out with --port").choices(["leader", "follower"]),
    )
    .option("--socket <path>", "control socket of the service, instead of the pair's own")
    .option("--interval <s>", "how often, off a terminal", positiveSeconds, 1)
    .option("--once", "print one sample and end; exit code 1 when nothing answers")
    .action(monitor);
  return addJsonOption(addYesOption(addArmOptions(command)));
}

function monitor(role: Role | undefined, options: Options): Promise<void> {
  return interruptible(async (signal) => {
    const dialogue = dialogueFor(options, signal);
    const show = async (source: Source) => {
      if (options.once) await once(source, dialogue);
      else await endsWell(() => watch(source, options.interval, dialogue, signal));
    };
    if (role === undefined && options.port === undefined) {
      throw new UsageError("say which arm: leader, follower, or --port with a path");
    }
    const served = await servedArm(role, options);
    if (served !== undefined) return show(served);
    const subject = subjectOf(role, options);
    await withLink(subject.name, subject.port, { access: "read", dialogue, signal }, (link) =>
      show(new BusSource(link, subject)),
    );
  });
}

function subjectOf(role: Role | undefined, options: Options): Subject {
  if (role !== undefined) {
    const arm = chooseArm(role, options);
    const calibration = new CalibrationStore(arm.calibrationDir).loadIfUsable(arm);
    return { name: nameOfArm(arm), port: arm.port, calibration };
  }
  const port = options.port!;
  return { name: `arm on ${port}`, port, calibration: undefined };
}

async function once(source: Source, dialogue: Dialogue): Promise<void> {
  const sample = await source.sample();
  print(sample, dialogue);
  if (sample.joints.every((joint) => joint === null)) process.exitCode = 1;
}

async function watch(
  source: Source,
  intervalS: number,
  dialogue: Dialogue,
  signal: AbortSignal,
): Promise<void> {
  if (dialogue.kind === "terminal") return watchLive(source, signal);
  while (isRead()) {
    print(await source.sample(), dialogue);
    await pause(intervalS * 1000, signal);
  }
}

const DRAW_EVERY_MS = 100;

async function watchLive(source: Source, signal: AbortSignal): Promise<void> {
  const screen = liveScreen();
  const over = new AbortController();
  let ended = false;
  const enter = enterPressed(AbortSignal.any([signal, over.signal])).then(() => {
    ended = true;
  });
  enter.catch(() => {}); // awaited below
  try {
    while (!ended) {
      const sample = await source.sample();
      screen.draw(tableOf(sample), [...complaintsOf(sample), "", "Enter or Ctrl-C ends it."]);
      await Promise.race([enter, pause(DRAW_EVERY_MS, signal)]);
    }
  } finally {
    over.abort();
    screen.end();
  }
}

function print(sample: Sample, dialogue: Dialogue): void {
  if (dialogue.kind === "json") dialogue.event(eventOf(sample));
  else printLine([...tableOf(sample), ...complaintsOf(sample)].join("\n"));
}

/** To be ended is what watching waits for. */
async function endsWell(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
  }
}
