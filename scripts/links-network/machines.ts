/** Two machines as processes: the program with the leader arm, and the program with the follower arm. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { RunningSim } from "../../src/sim/testing/start.ts";
import { cpuPercent, type ProcessSample, sampleProcess } from "../bench/process.ts";
import { programPath } from "../bench/subjects.ts";
import { Program } from "../chaos/program.ts";

/** Where a machine is, and the broker that it knows. */
export interface Place {
  /** What runs a command there, to be put before it. */
  readonly enter?: readonly string[];
  readonly broker: string;
}

const RATE_HZ = 200;
const shared = (name: string, sim: RunningSim, { enter = [], broker }: Place): string[] => [
  ...[...enter, programPath, "teleoperate", "--json", "--rate", `${RATE_HZ}`],
  ...["--machine", name, "--broker", broker, "--socket", join(sim.dir, `${name}.sock`)],
  ...["--calibration-dir", sim.paths.calibration],
];

/** The machine "desk", whose leader is sent; with `both` it has a follower of its own as well. */
export function desk(sim: RunningSim, arms: "leader" | "both", place: Place): Program {
  const follower = ["--follower", sim.paths.follower, "--follower-id", "follower"];
  const leader = ["--arms", arms, "--leader", sim.paths.leader, "--leader-id", "leader"];
  return new Program([...shared("desk", sim, place), ...leader, ...(arms === "both" ? follower : [])]);
}

/** The machine "lab", whose follower follows the leader of desk. */
export function lab(sim: RunningSim, place: Place): Program {
  return new Program([
    ...shared("lab", sim, place),
    ...["--arms", "follower", "--follower", sim.paths.follower, "--follower-id", "follower"],
    ...["--remote-leader", "desk/main"],
  ]);
}

/** A state is waited for so long; generous, for machines that are busy. */
const PATIENCE_MS = 60_000;

/** Waits for a state of a machine's pair. Rejects with what it said when that does not come. */
export async function reach(program: Program, wanted: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (program.state !== wanted) {
    const said = () =>
      program.lines.map(({ to, why, message }) => `  ${to ?? ""} ${why ?? message}`).join("\n");
    if (program.troubles.length > 0) throw new Error(`${program.troubles.join("\n")}\n${said()}`);
    if (performance.now() > deadline) throw new Error(`it did not come to ${wanted}, but said:\n${said()}`);
    await Bun.sleep(5);
  }
}

/** What the network's client of a machine takes. */
export interface ClientFigures {
  /** Of one core, %. */
  readonly cpu: number;
  readonly residentMB: number;
  /** The same with what it shares with others divided among them. */
  readonly proportionalMB: number;
}

/** Looks at the network's client of a machine now; what it returns looks again, and tells what there was in between. */
export function watchClient(program: Program): () => ClientFigures {
  const pid = clientOf(program.pid!);
  const before: ProcessSample = sampleProcess(pid);
  return () => {
    const after = sampleProcess(pid);
    const pss = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1];
    return {
      cpu: cpuPercent(before, after),
      residentMB: after.residentKB / 1024,
      proportionalMB: Number(pss) / 1024,
    };
  };
}

/** The child of a process that is the network's client. Throws when there is none. */
function clientOf(parent: number): number {
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    try {
      const isChild = new RegExp(`^PPid:\\s+${parent}$`, "m").test(
        readFileSync(`/proc/${name}/status`, "utf8"),
      );
      const words = readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0");
      if (isChild && words.includes("network")) return Number(name);
    } catch {
      // It has just ended.
    }
  }
  throw new Error("the program has no child that is the network's client");
}
