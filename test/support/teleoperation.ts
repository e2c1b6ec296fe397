/** The program teleoperating two simulated arms, and what a test wants to know of both. */
import { expect } from "bun:test";
import { join } from "node:path";
import type { SimClient } from "../../src/sim/control/client.ts";
import type { RecordEntry } from "../../src/sim/record/entries.ts";
import { recordEntries } from "../../src/sim/testing/record.ts";
import { checkSafety, needlessWrites } from "../../src/sim/testing/safety.ts";
import { type RunningSim, type StartOptions, startSim } from "../../src/sim/testing/start.ts";
import { mayBeRealTime } from "./granted.ts";
import { programPath } from "./program.ts";
import { targetsOf } from "./targets.ts";

/** One line of `so101 teleoperate --json`. */
export interface OutputEvent {
  readonly event: string;
  readonly state?: string;
  readonly to?: string;
  readonly why?: string;
  readonly severity?: string;
  readonly message?: string;
  readonly [field: string]: unknown;
}

/** Both simulated arms as they are. */
export type Arms = Awaited<ReturnType<typeof stateOf>>;
const stateOf = (client: SimClient) => client.request({ do: "state" });

/** What a test may choose; the rest is as the program has it. */
export interface Choices {
  readonly sim?: StartOptions;
  /** Further arguments of `so101 teleoperate`. */
  readonly args?: readonly string[];
  /** A command that runs the program, whose own comes after it. */
  readonly wrapper?: readonly string[];
  /** The limits that those arguments set, for the safety check. */
  readonly followSpeedDegPerS?: number;
  /**
   * The test compares all states that there are. A program that Linux refuses real-time priority, as an ordinary
   * user's, may wait longer for the processor of a busy machine than the 0.1 s after which it holds: it holds later then.
   */
  readonly comparesStates?: true;
  /** A client drives: where goals belong, no leader says. */
  readonly isDriven?: true;
}

/** How long anything may take before a test calls it missing; generous, for machines that are busy. */
const PATIENCE_MS = 20_000;

/** A running program with its simulated arms; disposing stops both, and checks the safety rules on the record. */
export class RunningTeleoperation implements AsyncDisposable {
  readonly sim: RunningSim;
  readonly events: OutputEvent[] = [];
  readonly #args: readonly string[];
  readonly #wrapper: readonly string[];
  readonly #mapsByRange: boolean;
  #program: Bun.Subprocess<"ignore", "pipe", "pipe">;
  readonly #config: readonly string[];
  readonly #limits: { followSpeedDegPerS: number; alignSpeedDegPerS: number };
  #reading: Promise<void>;
  #complaint: Promise<string>;
  #heard: () => void = () => {};
  #ended = false;

  private constructor(sim: RunningSim, choices: Choices, config: readonly string[]) {
    const { args = [], wrapper = [], followSpeedDegPerS = 360, isDriven } = choices;
    this.sim = sim;
    this.#wrapper = wrapper;
    this.#config = config;
    this.#mapsByRange = !args.includes("--config") && !isDriven;
    this.#limits = { followSpeedDegPerS, alignSpeedDegPerS: 45 };
    this.#args = args;
    this.#program = this.#spawn();
    this.#complaint = new Response(this.#program.stderr).text();
    this.#reading = this.#read();
  }

  /** Starts the arms, then the program. */
  static async start(choices: Choices = {}): Promise<RunningTeleoperation> {
    const sim = await startSim({ motion: "wave", ...choices.sim });
    const config = choices.comparesStates ? await patientHolding(sim) : [];
    return new RunningTeleoperation(sim, choices, config);
  }

  /** Starts the program again, after it has ended, on the same arms. */
  restart(): void {
    this.#ended = false;
    this.#program = this.#spawn();
    this.#complaint = new Response(this.#program.stderr).text();
    this.#reading = this.#read();
  }

  get pid(): number {
    return this.#program.pid;
  }

  kill(signal: NodeJS.Signals): void {
    this.#program.kill(signal);
  }

  /** Waits for an event, from the given index of {@link events} on; resolves with it. */
  async until(wanted: (event: OutputEvent) => boolean, what: string, from = 0): Promise<OutputEvent> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const found = this.events.slice(from).find(wanted);
      if (found !== undefined) return found;
      const left = deadline - performance.now();
      if (left <= 0 || this.#ended)
        throw new Error(`${what} did not come; there was:\n${await this.story()}`);
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
        setTimeout(resolve, left);
      });
    }
  }

  /** Waits for a state to be entered. */
  untilState(state: string, from = 0): Promise<OutputEvent> {
    return this.until((event) => event.event === "state" && event.to === state, `the state ${state}`, from);
  }

  /** Waits until something is said that contains `text`, as a notice or as the reason of a state. */
  untilSaid(text: string, from = 0): Promise<OutputEvent> {
    return this.until(({ message, why }) => `${message} ${why}`.includes(text), `"${text}"`, from);
  }

  /** Waits until the arms are as wanted; asks them again and again, since they do not tell. */
  async untilArms(wanted: (arms: Arms) => boolean, what: string): Promise<Arms> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const arms = await this.sim.client.request({ do: "state" });
      if (wanted(arms)) return arms;
      if (performance.now() > deadline)
        throw new Error(`${what} did not come; there was:\n${await this.story()}`);
      await Bun.sleep(20);
    }
  }

  /** Waits until the leader has answered so many more requests than when this was called. */
  async untilLeaderAnswered(times: number): Promise<void> {
    const replies = async () => {
      await this.sim.client.request({ do: "sync" });
      const entries = await recordEntries(this.sim.paths.record);
      return entries.filter(
        ({ kind, arm }: { kind: string; arm?: string }) => kind === "reply" && arm === "leader",
      ).length;
    };
    const before = await replies();
    while ((await replies()) < before + times) await Bun.sleep(100);
  }

  /** The states that were entered, in order. */
  states(from = 0): string[] {
    return this.events
      .slice(from)
      .flatMap(({ event, to }) => (event === "state" && to !== undefined ? to : []));
  }

  /** Everything that was said, for messages. */
  async story(): Promise<string> {
    const said = this.events.map((event) => JSON.stringify(event));
    if (this.#ended) said.push(await this.#complaint);
    return said.join("\n");
  }

  /** Stops the program; resolves with its exit code. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number> {
    this.#program.kill(signal);
    return this.exited();
  }

  /** Resolves with the exit code when the program has ended and all that it said was read. */
  async exited(): Promise<number> {
    const code = await this.#program.exited;
    await this.#reading;
    return code;
  }

  /** What the arms were told up to now, checked: no safety rule was broken and no EEPROM cell worn for nothing. */
  async record(): Promise<RecordEntry[]> {
    await this.sim.client.request({ do: "sync" });
    const entries = await recordEntries(this.sim.paths.record);
    const targets = this.#mapsByRange ? targetsOf(this.sim) : undefined;
    const violations = checkSafety(entries, { ...this.#limits, ...(targets && { targets }) });
    // One tells what is wrong; a wrong speed is repeated each tick.
    expect(violations.slice(0, 5)).toEqual([]);
    expect(needlessWrites(entries)).toEqual([]);
    return entries;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#program.kill("SIGKILL");
    await this.exited();
    try {
      await this.record();
    } finally {
      await this.sim.stop();
    }
  }

  #spawn(): Bun.Subprocess<"ignore", "pipe", "pipe"> {
    return Bun.spawn(
      [
        ...this.#wrapper,
        ...[programPath, "teleoperate", "--json"],
        ...[...armArguments(this.sim), ...this.#config, ...this.#args],
      ],
      {
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
      },
    );
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const text of this.#program.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      this.events.push(...lines.map((line) => JSON.parse(line) as OutputEvent));
      this.#heard();
    }
    this.#ended = true;
    this.#heard();
  }
}

/**
 * The arguments with which a program that Linux refuses real-time priority holds only after a second without the
 * leader; none where it grants it. See {@link Choices.comparesStates}.
 */
export async function patientHolding({ dir }: RunningSim): Promise<string[]> {
  if (mayBeRealTime(process.pid)) return [];
  const path = join(dir, "patient-holding.toml");
  await Bun.write(path, "[teleoperation]\nhold_after_ms = 1000\n");
  return ["--config", path];
}

/** The arguments that lead the program to simulated arms, and its control socket into their folder. */
export function armArguments({ paths, dir }: RunningSim): string[] {
  return [
    ...["--leader", paths.leader, "--follower", paths.follower],
    ...["--leader-id", "leader", "--follower-id", "follower"],
    ...["--calibration-dir", paths.calibration, "--socket", join(dir, "control.sock")],
  ];
}
