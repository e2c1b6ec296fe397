/** What chaos beats: programs that teleoperate two simulated arms, and the faults that may befall them. */
import type { RunningSim } from "../../src/sim/testing/start.ts";
import type { Random } from "../random.ts";
import type { GivenTargets } from "./clients/given.ts";
import type { Fault } from "./fault.ts";
import { drawFault, LOCAL_DRAWS } from "./faults.ts";
import { type Line, Program, teleoperateBoth } from "./program.ts";

/** What a scene is made of. */
export interface SceneOptions {
  /** The path of the compiled program. */
  readonly path: string;
  readonly sim: RunningSim;
  readonly rateHz: number;
  readonly random: Random;
  /** Called with each line of each program. */
  heard(line: Line): void;
}

/** How fast a scene must recover once every cause has gone, ms. */
export interface Recovery {
  /** It must be aligning within this, … */
  readonly aligningMs: number;
  /** … and following when the longest way at the aligning speed is done: half a turn, and some patience. */
  readonly followingMs: number;
  /** The first goal of 99 % of the alignments. */
  readonly firstGoalP99Ms: number;
}

/** Programs under chaos. */
export interface Scene extends AsyncDisposable {
  readonly name: string;
  /** The one that has the follower: its states are those that are judged. */
  readonly follower: Program;
  readonly programs: readonly Program[];
  readonly recovery: Recovery;
  /** Where the follower may act on samples that are late: by how much, ms. */
  readonly targetsOfMs?: number;
  /** What others than the leader have given the follower as targets. */
  readonly given?: GivenTargets;
  /** How many threads a program has only from when it needs them. */
  readonly lateThreads?: number;
  start(): void;
  /** Draws a fault that uses nothing of `taken`. */
  draw(taken: ReadonlySet<string>): Fault;
  /** Ends the programs as a person does; returns what was measured, a line each. */
  end(): Promise<string[]>;
}

/** One program with both arms. */
export function onePair({ path, sim, rateHz, random, heard }: SceneOptions): Scene {
  const program = new Program(teleoperateBoth(path, sim, rateHz), { heard });
  const victims = { client: sim.client, program, ports: sim.paths };
  return {
    name: "one pair",
    follower: program,
    programs: [program],
    recovery: { aligningMs: 3_000, followingMs: 12_000, firstGoalP99Ms: 600 },
    start: () => program.start(),
    draw: (taken) => drawFault(random, victims, taken, LOCAL_DRAWS),
    async end() {
      await program.end("SIGTERM");
      return [];
    },
    async [Symbol.asyncDispose]() {},
  };
}
