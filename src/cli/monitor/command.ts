/** `so101 monitor`: what the servos of an arm report, live. It never changes anything. */
import { Argument, Command } from "commander";
import { controlPaths } from "../../api/address.ts";
import { ApiError } from "../../api/client.ts";
import type { Role } from "../../arm/joints.ts";
import { ConfigError } from "../../config/config.ts";
import { MAIN_PAIR } from "../../config/pairs.ts";
import { isRead, printLine } from "../../linux/text/stdout.ts";
import { Interrupted } from "../../workflows/errors.ts";
import { withSource } from "../../workflows/monitor/bus-source.ts";
import type { Sample, Source } from "../../workflows/monitor/sample.ts";
import { servedArm } from "../../workflows/monitor/served.ts";
import { pause } from "../../workflows/pause.ts";
import { interruptible } from "../interrupt.ts";
import { operatorFor } from "../operator/operator-for.ts";
import { type ArmOptions, addArmOptions, addJsonOption, addYesOption } from "../options/arm.ts";
import { type ServiceOptions, socketPaths } from "../options/service.ts";
import { positiveSeconds } from "../options/values.ts";
import { liveUntilEnter } from "../output/live.ts";
import { complaintsOf, eventOf, tableOf } from "./sample.ts";

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
    const operator = operatorFor(options, signal);
    const print = (sample: Sample) =>
      printLine(
        options.json
          ? JSON.stringify(eventOf(sample))
          : [...tableOf(sample), ...complaintsOf(sample)].join("\n"),
      );
    /** To be ended is what watching waits for; but not that the service wants the arms back. */
    const endsWell = async (work: () => Promise<void>) => {
      try {
        await work();
      } catch (error) {
        const isRecalled = operator.signal.aborted && !signal.aborted;
        if (!(error instanceof Interrupted) || isRecalled) throw error;
      }
    };
    const show = async (source: Source) => {
      if (options.once) {
        const sample = await source.sample();
        print(sample);
        if (sample.joints.every((joint) => joint === null)) process.exitCode = 1;
      } else if (operator.attended) {
        await endsWell(() => watchLive(source, operator.signal));
      } else {
        await endsWell(() => watch(source, options.interval, print, operator.signal));
      }
    };
    const served = await servedIfAny(role, options);
    if (served === undefined) return withSource(role, options, operator, show);
    try {
      await show(served);
    } finally {
      served.close?.();
    }
  });
}

/** The arm as the service has it; undefined when no service answers that does. */
async function servedIfAny(role: Role | undefined, options: Options): Promise<Source | undefined> {
  const sockets = socketsFor(options);
  try {
    return await servedArm(role, options, sockets);
  } catch (error) {
    // Where it was not asked for, the bus may well be free.
    if (error instanceof ApiError && options.socket === undefined) return undefined;
    throw error;
  }
}

/** A port needs no pair to be named, however many there are. */
function socketsFor(options: Options): string[] {
  try {
    return socketPaths(options);
  } catch (error) {
    if (!(error instanceof ConfigError) || options.port === undefined) throw error;
    return controlPaths(MAIN_PAIR);
  }
}

async function watch(
  source: Source,
  intervalS: number,
  print: (sample: Sample) => void,
  signal: AbortSignal,
): Promise<void> {
  while (isRead()) {
    print(await source.sample());
    await pause(intervalS * 1000, signal);
  }
}

const SAMPLE_EVERY_MS = 100;

async function watchLive(source: Source, signal: AbortSignal): Promise<void> {
  const live = liveUntilEnter("Enter or Ctrl-C ends it.", signal);
  try {
    while (!live.isDone) {
      const sample = await source.sample();
      live.draw(tableOf(sample), complaintsOf(sample));
      await Promise.race([live.done, pause(SAMPLE_EVERY_MS, signal)]);
    }
  } finally {
    live.end();
  }
}
