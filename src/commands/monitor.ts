/** `so101 monitor`: what the servos of an arm report, live. It never changes anything. */
import { Argument, Command } from "commander";
import type { Calibration } from "../arm/calibration.ts";
import { nameOfArm } from "../arm/findings.ts";
import { heldCalibration } from "../arm/held.ts";
import { JOINTS, type Role } from "../arm/joints.ts";
import type { ArmLink } from "../arm/link.ts";
import { readArm } from "../arm/read.ts";
import { Telemetry } from "../arm/telemetry.ts";
import { chooseArm } from "../config-arm.ts";
import { BusError } from "../feetech/bus.ts";
import { PortError } from "../serial/wire.ts";
import { ifThere, tryLoad } from "./calibration/both.ts";
import { complaintsOf, eventOf, type Sample, tableOf } from "./monitor/sample.ts";
import { enterPressed, liveScreen } from "./output/live.ts";
import { isRead, printLine } from "./output/stdout.ts";
import { type Dialogue, dialogueFor } from "./tools/dialogue.ts";
import { Interrupted, UsageError } from "./tools/errors.ts";
import { interruptible, pause } from "./tools/interrupt.ts";
import {
  type ArmOptions,
  addArmOptions,
  addJsonOption,
  addYesOption,
  positiveSeconds,
} from "./tools/options.ts";
import { withLink } from "./tools/session.ts";

interface Options extends ArmOptions {
  readonly interval: number;
  readonly once?: true;
}

/** Makes the command. */
export function monitorCommand(): Command {
  const command = new Command("monitor")
    .summary("watch what an arm's servos report")
    .description(
      "Shows what each servo of an arm reports: position, speed, load, current, voltage, temperature, errors, and how " +
        "often it could not be read. It only reads: nothing in the arm is changed. Enter or Ctrl-C ends it.",
    )
    .addArgument(
      new Argument("[arm]", "which arm; may be left out with --port").choices(["leader", "follower"]),
    )
    .option("--interval <s>", "how often, off a terminal", positiveSeconds, 1)
    .option("--once", "print one sample and end; exit code 1 when nothing answers")
    .action(monitor);
  return addJsonOption(addYesOption(addArmOptions(command)));
}

/** What is monitored: an arm that is known, or whatever is on a port. */
interface Subject {
  readonly name: string;
  readonly port: string;
  /** By its file; undefined where there is none to be had. */
  readonly calibration: Calibration | undefined;
}

function monitor(role: Role | undefined, options: Options): Promise<void> {
  return interruptible(async (signal) => {
    const dialogue = dialogueFor(options, signal);
    const subject = subjectOf(role, options);
    await withLink(subject.name, subject.port, { access: "read", dialogue, signal }, async (link) => {
      const source = new Source(link, subject);
      if (options.once) await once(source, dialogue);
      else await endsWell(() => watch(source, options.interval, dialogue, signal));
    });
  });
}

function subjectOf(role: Role | undefined, options: Options): Subject {
  if (role !== undefined) {
    const arm = chooseArm(role, options);
    const calibration = ifThere(tryLoad(arm.calibrationDir, role, arm.id));
    return { name: nameOfArm(arm), port: arm.port, calibration };
  }
  if (options.port === undefined)
    throw new UsageError("say which arm: leader, follower, or --port with a path");
  return { name: `arm on ${options.port}`, port: options.port, calibration: undefined };
}

/** Samples of an arm, from no board at all to six servos that answer. */
class Source {
  readonly #link: ArmLink;
  readonly #subject: Subject;
  #telemetry: Telemetry | undefined;
  #calibration: Calibration | undefined;

  constructor(link: ArmLink, subject: Subject) {
    this.#link = link;
    this.#subject = subject;
    this.#calibration = subject.calibration;
  }

  async sample(): Promise<Sample> {
    if (this.#link.bus === undefined) await this.#link.reach();
    const { bus } = this.#link;
    const { name } = this.#subject;
    if (bus === undefined) {
      this.#telemetry = undefined;
      return { name, joints: JOINTS.map(() => null), trouble: this.#link.trouble };
    }
    try {
      this.#telemetry ??= new Telemetry(bus);
      const joints = this.#telemetry.read();
      if (joints.every((joint) => joint !== null)) this.#calibration ??= heldIn(this.#link);
      const trouble = joints.includes(null) ? await this.#whatIsMissing() : undefined;
      return { name, joints, trouble, counters: bus.counters, calibration: this.#calibration };
    } catch (error) {
      if (!(error instanceof PortError)) throw error;
      await this.#link.close();
      return { name, joints: JOINTS.map(() => null), trouble: `${name}: ${error.message}` };
    }
  }

  async #whatIsMissing(): Promise<string | undefined> {
    await this.#link.reach();
    return this.#link.trouble;
  }
}

/** Without a file the servos know their ranges themselves. */
function heldIn({ bus }: ArmLink): Calibration | undefined {
  try {
    const { images } = readArm(bus!);
    if (images.includes(null)) return undefined;
    const held = JOINTS.map((joint, index) => [joint, heldCalibration(joint, images[index]!)]);
    return Object.fromEntries(held) as Calibration;
  } catch (error) {
    if (error instanceof BusError) return undefined;
    throw error;
  }
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
