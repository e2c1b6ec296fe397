/** Starts a simulation as a process of its own: for tests, the benchmark and the demo. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Scene } from "../arm/scene.ts";
import { SimClient } from "../control/client.ts";
import { pathsIn } from "../files.ts";
import type { BoardsScene } from "../names.ts";

/** How to start a simulation; what is left out is as `so101 sim` has it. */
export interface StartOptions {
  /** The compiled program to start; left out, the program is run from its source. */
  binary?: string;
  /** Left out: a new temporary folder, removed when the simulation is stopped. */
  dir?: string;
  arms?: Scene;
  boards?: BoardsScene;
  leaderId?: string;
  followerId?: string;
  /** `still`, `wave`, or the path of a file of keyframes. */
  motion?: string;
  usbDelayUs?: number;
  /** How much later the replies of each arm come, ms. */
  leaderDelayMs?: number;
  followerDelayMs?: number;
  wireTime?: boolean;
  /** Whether EEPROM reads back as zeros for a while after a write: here, other than there, it does unless told not to. */
  eepromZeros?: boolean;
}

/** A simulation that was started here, and where its things are. */
export interface RunningSim extends AsyncDisposable {
  client: SimClient;
  dir: string;
  paths: ReturnType<typeof pathsIn>;
  pid: number;
  /** Resolves with the exit code when it has ended, however that came. */
  exited: Promise<number>;
  /** Ends it as SIGTERM does, and waits for that. Rejects when it did not end well. */
  stop(): Promise<void>;
}

/** Starts `so101 sim` as a process and waits until it is ready. Rejects with what it said when it fails. */
export async function startSim(options: StartOptions = {}): Promise<RunningSim> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), "so101-sim-")));
  const program = options.binary
    ? [options.binary]
    : [process.execPath, join(import.meta.dir, "../../main.ts")];
  const sim = Bun.spawn([...program, "sim", ...argumentsOf(options, dir)], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const complaint = new Response(sim.stderr).text();
  if (!(await saidSomething(sim.stdout))) {
    await sim.exited;
    throw new Error(`the simulation did not start: ${await complaint}`);
  }
  const paths = pathsIn(dir);
  const client = await SimClient.connect(paths.socket);
  const stop = async () => {
    client.close();
    sim.kill("SIGTERM");
    const code = await sim.exited;
    if (options.dir === undefined) await rm(dir, { recursive: true, force: true });
    if (code !== 0) throw new Error(`the simulation ended with exit code ${code}: ${await complaint}`);
  };
  return { client, dir, paths, pid: sim.pid, exited: sim.exited, stop, [Symbol.asyncDispose]: stop };
}

function argumentsOf(options: StartOptions, dir: string): string[] {
  const { arms, boards, leaderId, followerId, motion, usbDelayUs, leaderDelayMs, followerDelayMs, wireTime } =
    options;
  const { eepromZeros = true } = options;
  return [
    ...["--dir", dir],
    ...(arms === undefined ? [] : ["--arms", arms]),
    ...(boards === undefined ? [] : ["--boards", boards]),
    ...(leaderId === undefined ? [] : ["--leader-id", leaderId]),
    ...(followerId === undefined ? [] : ["--follower-id", followerId]),
    ...(motion === undefined ? [] : ["--motion", motion]),
    ...(usbDelayUs === undefined ? [] : ["--usb-delay", String(usbDelayUs)]),
    ...(leaderDelayMs === undefined ? [] : ["--leader-delay", String(leaderDelayMs)]),
    ...(followerDelayMs === undefined ? [] : ["--follower-delay", String(followerDelayMs)]),
    ...(wireTime === false ? ["--no-wire-time"] : []),
    ...(eepromZeros ? ["--eeprom-zeros"] : []),
  ];
}

/** The simulation speaks when it is ready, and not before. */
async function saidSomething(stdout: ReadableStream<Uint8Array>): Promise<boolean> {
  const reader = stdout.getReader();
  const { done } = await reader.read();
  void (async () => {
    while (!(await reader.read()).done);
  })();
  return !done;
}
