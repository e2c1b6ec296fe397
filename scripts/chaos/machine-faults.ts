/** What the machine does to the program: signals, other programs, no time. */
import { realpathSync } from "node:fs";
import { ARMS } from "../../src/sim/arm/joints.ts";
import type { Random } from "../random.ts";
import { type Draw, type Fault, nothing, type Victims } from "./fault.ts";

/** A program that opens a port of the pair, and does nothing with it. */
function anotherProgram(random: Random, { ports }: Victims): Fault {
  const arm = random.of(ARMS);
  const forMs = random.between(50, 2500);
  let other: Bun.Subprocess | undefined;
  return {
    ...{
      kind: "another program",
      text: `another program on the ${arm}'s port for ${Math.round(forMs)} ms`,
      forMs,
    },
    // It is noticed within a second, and may be gone by then.
    lingersMs: 1_000,
    slowly: "another program had a port, and its end is looked for now and then",
    // A program that is told to stop meanwhile cannot, and rightly says so.
    uses: [`board ${arm}`, "process"],
    async begin() {
      other = Bun.spawn(["sleep", "60"], { stdin: Bun.file(realpathSync(ports[arm])) });
    },
    async end() {
      other?.kill();
      await other?.exited;
    },
  };
}

/** Faults of the machine and of the program's own process. */
export const MACHINE_FAULTS: Readonly<Record<string, Draw>> = {
  // Who is not root cannot open a port that is open: Linux keeps them out.
  ...(process.geteuid?.() === 0 && { "another program": anotherProgram }),
  "stopped process"(random, { program }) {
    const forMs = random.between(60, 3000);
    return {
      ...{
        kind: "stopped process",
        text: `SIGSTOP for ${Math.round(forMs)} ms`,
        forMs,
        lingersMs: 0,
        uses: ["process"],
      },
      begin: async () => program.signal("SIGSTOP"),
      end: async () => program.signal("SIGCONT"),
    };
  },
  "killed process"(random, { program }) {
    const signal = random.of(["SIGKILL", "SIGTERM", "SIGINT"] as const);
    const forMs = random.between(0, 1000);
    return {
      ...{ kind: `${signal} and restart`, text: signal, forMs, lingersMs: 0, uses: ["process"] },
      begin: () => program.end(signal),
      end: async () => program.start(),
    };
  },
  reload: (_random, { program }) => ({
    ...{ kind: "SIGHUP", text: "SIGHUP", forMs: 0, lingersMs: 0, uses: ["process"] },
    begin: async () => program.signal("SIGHUP"),
    end: nothing,
  }),
  "busy machine": (random) => {
    const forMs = random.between(200, 1500);
    const hogs: Bun.Subprocess[] = [];
    return {
      ...{
        kind: "busy machine",
        text: `busy for ${Math.round(forMs)} ms`,
        forMs,
        lingersMs: 0,
        uses: ["processor"],
      },
      async begin() {
        for (let i = 0; i < navigator.hardwareConcurrency; i++)
          hogs.push(Bun.spawn(["sh", "-c", "while :; do :; done"]));
      },
      async end() {
        for (const hog of hogs) hog.kill("SIGKILL");
        await Promise.all(hogs.map(({ exited }) => exited));
      },
    };
  },
};
