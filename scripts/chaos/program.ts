/** The program under chaos: started, ended and started again, what it says, and what it uses. */

import { readdirSync, readFileSync } from "node:fs";
import { nowUs } from "../../src/linux/clock.ts";
import type { RunningSim } from "../../src/sim/testing/start.ts";
import { type ProcessSample, sampleProcess } from "../bench/process.ts";

/** A line that the program printed, and when. */
export interface Line {
  readonly atUs: number;
  readonly event: string;
  readonly to?: string;
  readonly code?: string;
  readonly message?: string;
  readonly why?: string;
}

/** A line for the report. */
export function sayLine({ atUs, event, to, code, why, message }: Line): string {
  return `${(atUs / 1e6).toFixed(3)} ${event} ${to ?? ""} ${code} ${why ?? message}`;
}

/** One life of the program. */
export interface Life {
  readonly samples: ProcessSample[];
}

const SAMPLE_EVERY_MS = 1_000;

/** How a program is run. */
export interface ProgramOptions {
  /** Called with each line that is kept of it. */
  heard?(line: Line): void;
  /** Beside our own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** What the report calls it. */
  readonly name?: string;
  /** In one of its own it gets no Ctrl-C of our terminal. */
  readonly session?: "ours" | "its own";
}

/** Sends a signal to a process that may have ended. */
export function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** The command that teleoperates both simulated arms. */
export function teleoperateBoth(path: string, { paths, dir }: RunningSim, rateHz: number): string[] {
  return [
    ...[path, "teleoperate", "--json", "--rate", `${rateHz}`, "--socket", `${dir}/control.sock`],
    ...["--leader", paths.leader, "--follower", paths.follower, "--leader-id", "leader"],
    ...["--follower-id", "follower", "--calibration-dir", paths.calibration],
  ];
}

/** The program, whichever process it is at the moment. */
export class Program {
  readonly lines: Line[] = [];
  readonly lives: Life[] = [];
  /** What went wrong with the process itself, in words. */
  readonly troubles: string[] = [];
  state = "none";
  readonly name: string;

  readonly #command: readonly string[];
  readonly #spawning: { readonly env: Record<string, string | undefined>; readonly detached: boolean };
  readonly #heard: (line: Line) => void;
  #child: Bun.Subprocess<"ignore", "pipe", "pipe"> | undefined;
  #isWanted = false;
  #sampling: NodeJS.Timeout | undefined;

  /** A command that prints JSON lines. */
  constructor(
    command: readonly string[],
    { heard = () => {}, env = {}, name = "the program", session = "ours" }: ProgramOptions = {},
  ) {
    this.name = name;
    this.#heard = heard;
    this.#command = command;
    this.#spawning = { env: { ...process.env, ...env }, detached: session === "its own" };
  }

  /** Its process; of one that was not started there is none. */
  get pid(): number {
    return this.#child?.pid ?? -1;
  }

  /** The processes that it has started, and that run. */
  get children(): readonly number[] {
    try {
      const pid = this.#child?.pid;
      return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
        const text = readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8");
        return text.split(" ").filter(Boolean).map(Number);
      });
    } catch {
      return []; // it has ended
    }
  }

  /** Starts it; it is expected to run from now on. */
  start(): void {
    const child = Bun.spawn([...this.#command], {
      ...{ stdin: "ignore", stdout: "pipe", stderr: "pipe" },
      ...this.#spawning,
    });
    const life: Life = { samples: [] };
    this.lives.push(life);
    this.#child = child;
    this.#isWanted = true;
    void this.#read(child.stdout);
    void new Response(child.stderr).text().then((text) => {
      if (text !== "") this.troubles.push(`it wrote to stderr: ${text}`);
    });
    void child.exited.then((code) => {
      if (this.#child === child && this.#isWanted)
        this.troubles.push(`it ended by itself with exit code ${code}`);
    });
    this.#sampling = setInterval(() => {
      try {
        life.samples.push(sampleProcess(child.pid));
      } catch {
        // It has just ended.
      }
    }, SAMPLE_EVERY_MS);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Ends it by a signal, and waits for that. One that was ended already is left at that. */
  async end(signal: NodeJS.Signals): Promise<void> {
    if (!this.#isWanted) return;
    this.#isWanted = false;
    clearInterval(this.#sampling);
    this.signal(signal);
    const code = await this.#child?.exited;
    if (signal !== "SIGKILL" && code !== 0)
      this.troubles.push(`${signal} made it end with exit code ${code}`);
    this.state = "none";
  }

  async #read(stdout: ReadableStream<Uint8Array>): Promise<void> {
    let rest = "";
    const decoder = new TextDecoder();
    for await (const chunk of stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.#take({ atUs: nowUs(), ...JSON.parse(line) });
    }
  }

  #take(line: Line): void {
    if (["calibration", "epoch", "summary"].includes(line.event)) return;
    this.lines.push(line);
    this.#heard(line);
    if (line.event === "state") this.state = line.to!;
  }
}
