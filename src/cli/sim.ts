/** `so101 sim`: simulates a leader and a follower arm on two pseudo-terminals. */
import { mkdtempSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import * as v from "valibot";
import { whyOf } from "../linux/system-error.ts";
import { printLine } from "../linux/text/stdout.ts";
import { quoted } from "../messages/audience.ts";
import { type MotionPlan, motionNameSchema, motionSchema } from "../sim/arm/motion.ts";
import { SCENES, type Scene } from "../sim/arm/scene.ts";
import { IN_TIME, type Lateness } from "../sim/board.ts";
import { SimClient } from "../sim/control/client.ts";
import { obey } from "../sim/control/obey.ts";
import type { SimRequest } from "../sim/control/requests.ts";
import { isServed, serve } from "../sim/control/server.ts";
import { pathsIn } from "../sim/files.ts";
import { BOARD_SCENES, type BoardsScene } from "../sim/names.ts";
import { Simulation } from "../sim/simulation.ts";

interface Options {
  dir?: string;
  arms: Scene;
  boards: BoardsScene;
  leaderId: string;
  followerId: string;
  motion: string;
  usbDelay: number;
  leaderDelay?: Lateness;
  followerDelay?: Lateness;
  wireTime: boolean;
  eepromZeros?: true;
  duration?: number;
  ask?: SimRequest;
}

/** Makes the command. */
export function simCommand(): Command {
  return new Command("sim")
    .summary("simulate a leader and a follower arm")
    .description(
      "Simulates a leader and a follower arm, six STS3215 servos each, on two pseudo-terminals, until it is " +
        "interrupted. The arms' EEPROM and positions survive in the folder; every packet is recorded there.",
    )
    .option(
      "--dir <dir>",
      "folder for the ports, the control socket, the state and the record, into which nobody else may write (default: " +
        "so101-sim in the user's runtime folder, or a new one in /tmp)",
    )
    .addOption(
      new Option("--arms <state>", "how the arms are when the folder holds no state yet")
        .choices(SCENES)
        .default("calibrated"),
    )
    .addOption(
      new Option(
        "--boards <state>",
        "how the USB boards are when the folder holds no names yet: named, new to this machine, which has no " +
          "calibration files of their arms then, or equal: new, and without serial numbers",
      )
        .choices(BOARD_SCENES)
        .default("named"),
    )
    .option("--leader-id <id>", "name of the leader's calibration file", fileName, "leader")
    .option("--follower-id <id>", "name of the follower's calibration file", fileName, "follower")
    .option(
      "--motion <motion>",
      "what a hand does with the leader: still, wave, middle or sweep (to calibrate it), or a JSON file of keyframes",
      "wave",
    )
    .option("--usb-delay <us>", "delay of the USB in µs, 0 to 100000", numberIn(0, 100_000), 125)
    .option(
      "--leader-delay <ms>",
      "how much later the leader's replies come, as 5, or 5+3 for 5 to 8",
      lateness,
    )
    .option("--follower-delay <ms>", "the same for the follower's replies", lateness)
    .option("--no-wire-time", "answer at once, as if bytes took no time")
    .option(
      "--eeprom-zeros",
      "let EEPROM read back as zeros for 0.2 s after each write, as some servos are said to",
    )
    .option("--duration <s>", "end by itself after so many seconds", numberIn(0.1, 1e7))
    .option(
      "--ask <request>",
      "ask the simulation that runs in the folder for something, a JSON object, and end",
      json,
    )
    .addHelpText(
      "after",
      `
Examples:
  so101 sim --dir /tmp/arms --arms new --motion middle
  so101 sim --dir /tmp/arms --ask '{"do":"motion","play":"sweep"}'
  so101 sim --dir /tmp/arms --ask '{"do":"power","arm":"follower","on":false}'`,
    )
    .action(sim);
}

async function sim(options: Options, command: Command): Promise<void> {
  const lasting = options.dir ?? runtimeDir();
  if (options.ask !== undefined) {
    if (lasting !== undefined) return ask(lasting, options.ask);
    return command.error("--ask needs --dir: the folder that the simulation has named", { exitCode: 2 });
  }
  const motion = await planOf(options.motion, command);
  // A name that nobody can foretell: nobody can have put links there.
  const dir = lasting ?? mkdtempSync(join(tmpdir(), "so101-sim-"));
  const paths = pathsIn(dir);
  if (await isServed(paths.socket)) {
    throw new Error(`a simulation is running in ${dir} already; give this one another --dir`);
  }
  const simulation = await Simulation.open({
    dir,
    arms: options.arms,
    boards: options.boards,
    ids: { leader: options.leaderId, follower: options.followerId },
    motion,
    timing: { usbDelayUs: options.usbDelay, wireTime: options.wireTime },
    firmware: { zerosAfterEepromWrite: options.eepromZeros === true },
    lateness: { leader: options.leaderDelay ?? IN_TIME, follower: options.followerDelay ?? IN_TIME },
  });
  const server = await serve(paths.socket, (request) => obey(simulation, request));
  const stop = () => simulation.stop();
  process.once("SIGINT", stop).once("SIGTERM", stop);
  const timer = options.duration === undefined ? undefined : setTimeout(stop, options.duration * 1000);
  printLine(welcome(dir, options));
  try {
    await simulation.run();
  } finally {
    clearTimeout(timer);
    server.close();
  }
}

/** Sends one request to the simulation that runs in a folder, and prints what it replies. */
async function ask(dir: string, request: SimRequest): Promise<void> {
  const { socket } = pathsIn(dir);
  if (!(await isServed(socket))) throw new Error(`no simulation is running in ${dir}`);
  const client = await SimClient.connect(socket);
  try {
    printLine(JSON.stringify(await client.request(request)));
  } finally {
    client.close();
  }
}

async function planOf(motion: string, command: Command): Promise<MotionPlan> {
  if (v.is(motionNameSchema, motion)) return motion;
  try {
    const content: unknown = await Bun.file(motion).json();
    return v.parse(motionSchema, Array.isArray(content) ? { keyframes: content } : content);
  } catch (error) {
    const why = v.isValiError(error) ? v.summarize(error.issues) : whyOf(error);
    return command.error(
      `--motion: ${motion} is neither still, wave, middle, sweep nor a file of keyframes: ${why}`,
      {
        exitCode: 2,
      },
    );
  }
}

function welcome(dir: string, { leaderId, followerId }: Options): string {
  const paths = pathsIn(dir);
  return `Two simulated arms are ready.
  leader       ${paths.leader}
  follower     ${paths.follower}
  calibration  ${paths.calibration}
  control      ${paths.socket}
  record       ${paths.record}

Try: so101 teleoperate --leader ${quoted(paths.leader)} --follower ${quoted(paths.follower)} \\
       --leader-id ${quoted(leaderId)} --follower-id ${quoted(followerId)} --calibration-dir ${quoted(paths.calibration)}

Ctrl-C ends it.`;
}

/** In the user's runtime folder, where there is one of his own; sudo leaves out the variable, or has the caller's in it. */
function runtimeDir(): string | undefined {
  const runtime = process.env.XDG_RUNTIME_DIR;
  if (runtime === undefined) return undefined;
  const stats = statSync(runtime, { throwIfNoEntry: false });
  const isOwn =
    stats?.isDirectory() === true && stats.uid === process.geteuid?.() && (stats.mode & 0o022) === 0;
  return isOwn ? join(runtime, "so101-sim") : undefined;
}

/** The simulation itself says what is wrong with it. */
function json(text: string): SimRequest {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError("Expected a JSON object.");
  }
}

function fileName(text: string): string {
  if (!/^[^/.][^/]*$/.test(text)) throw new InvalidArgumentError("Expected a name without slashes.");
  return text;
}

function lateness(text: string): Lateness {
  const [delayMs, jitterMs = 0] = text.split("+", 2).map(numberIn(0, 1000));
  return { delayUs: delayMs! * 1e3, jitterUs: jitterMs * 1e3 };
}

function numberIn(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (!(value >= min && value <= max))
      throw new InvalidArgumentError(`Expected a number from ${min} to ${max}.`);
    return value;
  };
}
