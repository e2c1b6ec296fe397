/** Hostile clients of a socket, each a process of its own. */
import { join } from "node:path";
import type { Random } from "../../random.ts";
import { KINDS, type Kind } from "./kinds.ts";

const CLIENT = join(import.meta.dir, "hostile.ts");
/** The service's unit runs it so much before all others; here, where it is started by hand, others run so much after it. */
const NICENESS = "10";
/** One that is to be killed lives so long, ms. */
const SHORT_LIFE = { from: 100, to: 600 } as const;
/** One that has not ended so long after its time is blocked, ms. */
const PATIENCE_MS = 10_000;

/** How many do what for how long. */
export interface StormOptions {
  readonly socket: string;
  readonly clients: number;
  /** What they do, each the next of these. */
  readonly kinds?: readonly Kind[];
  readonly seconds: number;
  readonly random: Random;
}

/** What came of it. */
export interface Storm {
  /** How many connections were made; those of clients that were killed are not counted. */
  readonly connections: number;
  /** How many clients were killed in their work. */
  readonly killed: number;
  /** How many clients the service kept waiting for longer than they live. */
  readonly blocked: number;
}

/** Has clients storm a socket; resolves when all have ended. */
export async function storm(options: StormOptions): Promise<Storm> {
  const { kinds = KINDS } = options;
  const endMs = performance.now() + options.seconds * 1e3;
  const lives = Array.from({ length: options.clients }, (_, index) => {
    const kind = kinds[index % kinds.length]!;
    return kind === "killed" ? manyLives(options, endMs) : live(options, kind, endMs);
  });
  const storms = await Promise.all(lives);
  const sum = (of: (each: Storm) => number) => storms.reduce((total, each) => total + of(each), 0);
  return {
    connections: sum(({ connections }) => connections),
    killed: sum(({ killed }) => killed),
    blocked: sum(({ blocked }) => blocked),
  };
}

/** One client, until its time is over, or it is killed. */
async function live(
  { socket, random }: StormOptions,
  kind: string,
  endMs: number,
  killAfterMs?: number,
): Promise<Storm> {
  const seconds = Math.max(0, endMs - performance.now()) / 1e3;
  const args = [socket, kind, `${seconds}`, `${random.whole(0, 2 ** 31)}`];
  const child = Bun.spawn(["nice", "-n", NICENESS, process.execPath, CLIENT, ...args], {
    stdin: "ignore",
    stdout: "pipe",
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), killAfterMs ?? seconds * 1e3 + PATIENCE_MS);
  const said = await new Response(child.stdout).text();
  await child.exited;
  clearTimeout(timer);
  const wasKilled = child.signalCode === "SIGKILL";
  return {
    connections: Number(said),
    killed: wasKilled && killAfterMs !== undefined ? 1 : 0,
    blocked: wasKilled && killAfterMs === undefined ? 1 : 0,
  };
}

/** A client that is killed again and again. */
async function manyLives(options: StormOptions, endMs: number): Promise<Storm> {
  let all: Storm = { connections: 0, killed: 0, blocked: 0 };
  while (performance.now() < endMs) {
    const one = await live(options, "killed", endMs, options.random.between(SHORT_LIFE.from, SHORT_LIFE.to));
    all = { ...all, killed: all.killed + one.killed };
  }
  return all;
}
