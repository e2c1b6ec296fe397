/** What the benchmark runs: the program, the bare floor and the tormented program, compiled alike, and their arguments. */
import { join } from "node:path";
import { type RunningSim, startSim } from "../../src/sim/client.ts";
import type { Scene } from "../../src/sim/scene.ts";

const ROOT = join(import.meta.dir, "../..");

/** The program under test: what `make build` made for this machine. */
export const programPath = join(ROOT, "dist", `so101-linux-${process.arch === "arm64" ? "arm64" : "x64"}`);

/** How a subject is started against a simulation. */
export interface Subject {
  readonly name: "program" | "floor" | "torment";
  command(sim: RunningSim, rateHz: number): string[];
}

export const program: Subject = {
  name: "program",
  command: ({ paths }, rateHz) => [
    programPath,
    "teleoperate",
    "--json",
    ...["--leader", paths.leader, "--follower", paths.follower],
    ...["--leader-id", "leader", "--follower-id", "follower"],
    ...["--calibration-dir", paths.calibration, "--rate", String(rateHz)],
  ],
};

/** Compiles the subjects that are only the benchmark's into `dir`, as the program is compiled. */
export async function compileSubjects(dir: string): Promise<Record<"floor" | "torment", Subject>> {
  const floorPath = join(dir, "floor");
  const tormentPath = join(dir, "torment");
  await compile(floorPath, "scripts/bench/floor.ts");
  await compile(tormentPath, "scripts/bench/torment.ts", "src/teleop/control.ts");
  return {
    floor: {
      name: "floor",
      command: ({ paths }, rateHz) => [floorPath, paths.leader, paths.follower, String(rateHz)],
    },
    torment: {
      name: "torment",
      command: ({ paths }, rateHz) => [
        ...[tormentPath, paths.leader, paths.follower, "leader", "follower"],
        ...[paths.calibration, String(rateHz)],
      ],
    },
  };
}

async function compile(outfile: string, ...entries: string[]): Promise<void> {
  const flags = ["--compile", "--minify", "--bytecode", "--format=esm", "--entry-naming", "[name].[ext]"];
  const noAutoload = ["--no-compile-autoload-dotenv", "--no-compile-autoload-bunfig"];
  const build = Bun.spawn(
    [process.execPath, "build", ...flags, ...noAutoload, ...entries, "--outfile", outfile],
    { cwd: ROOT, stdout: "ignore", stderr: "pipe" },
  );
  const complaint = await new Response(build.stderr).text();
  if ((await build.exited) !== 0) throw new Error(`${entries[0]} could not be compiled:\n${complaint}`);
}

/** Starts the arms in a process of their own. */
export async function startArms(arms: Scene): Promise<RunningSim> {
  const sim = await startSim({ binary: programPath, arms, motion: "wave" });
  // So that what else the machine does blurs the measurement less; below the subjects', which it must not hinder.
  Bun.spawnSync(["chrt", "--fifo", "--pid", "10", String(sim.pid)], { stdout: "ignore", stderr: "ignore" });
  return sim;
}
