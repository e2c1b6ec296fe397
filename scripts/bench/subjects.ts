/** What the benchmark runs, compiled alike, and with which arguments: the program, also tormented, and two bare loops. */
import { join } from "node:path";
import type { Scene } from "../../src/sim/arm/scene.ts";
import { calibrationPath } from "../../src/sim/files.ts";
import { type RunningSim, startSim } from "../../src/sim/testing/start.ts";
import { compile } from "../compile.ts";

const ROOT = join(import.meta.dir, "../..");

/** The program under test: what `make build` made for this machine. */
export const programPath = join(ROOT, "dist", `so101-linux-${process.arch === "arm64" ? "arm64" : "x64"}`);

/** How a subject is started against a simulation. */
export interface Subject {
  readonly name: "program" | "floor" | "plain loop" | "torment";
  /** A reference is a bare loop: it sums nothing up, knows no signals and no safety rules. */
  readonly kind: "product" | "reference";
  command(sim: RunningSim, rateHz: number): string[];
}

export const program: Subject = {
  name: "program",
  kind: "product",
  command: ({ paths, dir }, rateHz) => [
    programPath,
    "teleoperate",
    "--json",
    ...["--leader", paths.leader, "--follower", paths.follower],
    ...["--leader-id", "leader", "--follower-id", "follower"],
    ...["--calibration-dir", paths.calibration, "--rate", String(rateHz)],
    ...["--socket", join(dir, "control.sock")],
  ],
};

/** Compiles the subjects that are only the benchmark's into `dir`, as the program is compiled. */
export async function compileSubjects(
  dir: string,
): Promise<Record<"floor" | "plainLoop" | "torment", Subject>> {
  const [floorPath, lerobotPath, tormentPath] = [
    join(dir, "floor"),
    join(dir, "lerobot"),
    join(dir, "torment"),
  ];
  await compile([join(import.meta.dir, "floor.ts")], floorPath);
  await compile([join(import.meta.dir, "lerobot.ts")], lerobotPath);
  await compile(
    [join(import.meta.dir, "torment.ts"), join(ROOT, "src/teleop/control-thread.ts")],
    tormentPath,
  );
  return {
    floor: {
      name: "floor",
      kind: "reference",
      command: ({ paths }, rateHz) => [floorPath, paths.leader, paths.follower, String(rateHz)],
    },
    plainLoop: {
      name: "plain loop",
      kind: "reference",
      command: ({ paths }, rateHz) => [
        ...[lerobotPath, paths.leader, paths.follower],
        calibrationPath(paths.calibration, "leader", "leader"),
        calibrationPath(paths.calibration, "follower", "follower"),
        String(rateHz),
      ],
    },
    torment: {
      name: "torment",
      kind: "product",
      command: ({ paths }, rateHz) => [
        ...[tormentPath, paths.leader, paths.follower, "leader", "follower"],
        ...[paths.calibration, String(rateHz)],
      ],
    },
  };
}

/** Starts the arms in a process of their own. */
export async function startArms(arms: Scene): Promise<RunningSim> {
  const sim = await startSim({ binary: programPath, arms, motion: "wave" });
  // So that what else the machine does blurs the measurement less; below the subjects', which it must not hinder.
  Bun.spawnSync(["chrt", "--fifo", "--pid", "10", String(sim.pid)], { stdout: "ignore", stderr: "ignore" });
  return sim;
}
