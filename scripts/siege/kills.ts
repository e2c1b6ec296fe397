/**
 * Ends every tool that writes files by SIGKILL when it is about to make a system call, at each call that has to do with
 * its files or its port, and lets such calls fail: a full disk, a broken one, no descriptors left. Afterwards each file
 * is the old one or the new one, the servos agree with it or what was cut off is kept, the tool succeeds when it is run
 * again, and nothing is left behind. What is right is seen by a run that nobody disturbs.
 */
import { lutimesSync, readFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { RunningSim } from "../../src/sim/testing/start.ts";
import { heldByServos, startArms } from "./arms.ts";
import type { Attack, Siege } from "./attack.ts";
import { type Call, callsIn, failedAt, killedAt, traced } from "./calls.ts";
import { type Scenario, scenarios } from "./scenarios.ts";
import { lastOf, misbehaviour, type Trial, trial } from "./trial.ts";
import { differences, type Snapshot, snapshot } from "./world.ts";

/** Each takes a fraction of a second, strace included; a busy machine many times that. */
const DEADLINE_MS = 30_000;

/** In less time not every tool has its turn: seeing what each does undisturbed takes some seconds. */
const ALL_FROM_S = 20;

/** How many of all calls fail, instead of being the last. */
const FAILING = 0.25;

/** What cannot be told from rubbish by its name must be old before it is taken for that. */
const AGE_S = 2 * 24 * 3600;

/** A scenario, what it finds and leaves where nothing disturbs it, and where it can be disturbed. */
interface Rehearsed {
  readonly scenario: Scenario;
  readonly before: State;
  readonly after: State;
  readonly calls: readonly Call[];
}

interface State {
  readonly files: Snapshot;
  readonly servos: string;
}

/** How a run is disturbed. */
interface Disturbance {
  readonly what: string;
  readonly isKill: boolean;
  readonly command: readonly string[];
}

export const kills: Attack = {
  name: "kills",
  async run(siege) {
    if (Bun.which("strace") === null) throw new Error("strace is missing: sudo apt install strace");
    const arms = await startArms(siege.program, join(siege.dir, "arms"));
    try {
      return await new Kills(siege, arms).run();
    } finally {
      await arms.stop();
    }
  },
};

class Kills {
  readonly #siege: Siege;
  readonly #arms: RunningSim;
  readonly #world: string;
  readonly #lost: string[] = [];
  readonly #hung: string[] = [];
  #kills = 0;
  #failures = 0;

  constructor(siege: Siege, arms: RunningSim) {
    this.#siege = siege;
    this.#arms = arms;
    this.#world = join(siege.dir, "world");
  }

  async run() {
    const { random, seconds, say } = this.#siege;
    const endMs = performance.now() + seconds * 1e3;
    const rehearsed: Rehearsed[] = [];
    const all = await scenarios(this.#siege, this.#world, this.#arms);
    const some = seconds < ALL_FROM_S ? shuffled(all, random).slice(0, 4) : all;
    for (const scenario of some) rehearsed.push(await this.#rehearse(scenario));
    // Every call once before any of them twice.
    const places = rehearsed.flatMap((one) =>
      shuffled(one.calls, random).map((call, rank) => ({ one, call, rank })),
    );
    places.sort((a, b) => a.rank - b.rank);
    let tried = 0;
    while (tried === 0 || performance.now() < endMs) {
      const { one, call } = places[tried % places.length]!;
      const disturbance = random.chance(FAILING) ? failing(one, call, random) : killing(one, call);
      say(`${one.scenario.name}: ${disturbance.what}`);
      await this.#disturb(one, disturbance);
      tried++;
    }
    return {
      tried,
      lost: this.#lost,
      hung: this.#hung,
      escalated: [],
      figures: {
        tools: rehearsed.length,
        "calls of theirs": places.length,
        killed: this.#kills,
        "calls failed": this.#failures,
      },
    };
  }

  /** Sees what the tool does where nothing disturbs it. Throws when it does not succeed even so. */
  async #rehearse(scenario: Scenario): Promise<Rehearsed> {
    const trace = join(this.#siege.dir, "trace");
    await this.#prepare(scenario);
    const before = await this.#state(scenario);
    const run = await this.#run(scenario.wrapped(traced(scenario.command, trace)));
    if (run.code !== scenario.ends)
      throw new Error(`${scenario.name} does not work: ${lastOf(run.stderr + run.stdout)}`);
    const places = [this.#world, "/dev/pts/", ...scenario.places];
    const calls = callsIn(readFileSync(trace, "utf8"), places).map((call) => ({
      ...call,
      text: call.text.replaceAll(`${this.#siege.dir}/`, "").slice(0, 150),
    }));
    if (calls.length === 0) throw new Error(`${scenario.name} touches nothing`);
    return { scenario, before, after: await this.#state(scenario), calls };
  }

  async #disturb(
    { scenario, before, after }: Rehearsed,
    { what, isKill, command }: Disturbance,
  ): Promise<void> {
    const lose = (how: string) => this.#lost.push(`${scenario.name}, ${what}: ${how}`);
    await this.#prepare(scenario);
    const run = await this.#run(command);
    if (run.hung) {
      this.#hung.push(`${scenario.name}, ${what}: it did not end within ${DEADLINE_MS / 1e3} s`);
      return;
    }
    if (run.signal === "SIGKILL") this.#kills++;
    if (!isKill) {
      this.#failures++;
      const wrong = misbehaviour(run);
      if (wrong !== undefined) lose(`it ${wrong}`);
    }
    const left = await this.#state(scenario);
    for (const [path, content] of left.files) {
      const isStray = !before.files.has(path) && !after.files.has(path);
      if (!isStray && content !== before.files.get(path) && content !== after.files.get(path)) {
        lose(`${path} is neither the old nor the new one (${content.length} bytes)`);
      }
    }
    for (const [path] of before.files) {
      if (after.files.has(path) && !left.files.has(path)) lose(`${path} is gone`);
    }
    const isKept = [...left.files.keys()].some((path) => path.endsWith(".unfinished"));
    if (!isKept && !scenario.agrees(left, before, after)) {
      lose(`servos and file are of two calibrations, and nothing says so; it ended with ${endOf(run)}`);
    }
    if (run.code === 0 && !scenario.runsOthers && differences(left.files, after.files).length > 0) {
      lose(
        `it says that it has succeeded, and ${differences(left.files, after.files).join(", ")} is not as it should be`,
      );
    }
    await this.#goOn(scenario, { before, after, left }, lose);
  }

  /** The tool once more, a day or two later. */
  async #goOn(
    scenario: Scenario,
    { before, after, left }: Readonly<Record<"before" | "after" | "left", State>>,
    lose: (how: string) => void,
  ): Promise<void> {
    const old = Date.now() / 1e3 - AGE_S;
    for (const path of left.files.keys()) {
      if (!before.files.has(path) && !after.files.has(path)) lutimesSync(join(this.#world, path), old, old);
    }
    let again = await this.#run(scenario.wrapped(scenario.command));
    // What was cut off may have to be settled first, if that is what the tool says.
    if (again.code === 1 && scenario.settle !== undefined && /calibration (finish|undo)/.test(again.stderr)) {
      const settled = await this.#run(scenario.wrapped(scenario.settle));
      if (settled.code !== 0) lose(`and cannot be settled: ${endOf(settled)}`);
      again = await this.#run(scenario.wrapped(scenario.command));
    }
    if (again.hung)
      this.#hung.push(`${scenario.name}: run again, it did not end within ${DEADLINE_MS / 1e3} s`);
    else if (again.code !== scenario.ends) lose(`and run again it fails: ${endOf(again)}`);
    const end = await this.#state(scenario);
    const wrong = differences(end.files, after.files);
    if (wrong.length > 0) lose(`and after another run these are not as they should be: ${wrong.join(", ")}`);
    if (end.servos !== after.servos) lose("and after another run the servos do not hold what they should");
  }

  async #prepare(scenario: Scenario): Promise<void> {
    await rm(this.#world, { recursive: true, force: true });
    await mkdir(this.#world, { recursive: true });
    await scenario.prepare();
  }

  async #state({ isLeftOut }: Scenario): Promise<State> {
    return { files: snapshot(this.#world, isLeftOut), servos: await heldByServos(this.#arms) };
  }

  async #run(command: readonly string[]): Promise<Trial> {
    return await trial(command, { cwd: this.#siege.dir, deadlineMs: DEADLINE_MS });
  }
}

function killing({ scenario }: Rehearsed, call: Call): Disturbance {
  return {
    what: `killed before ${call.nth}. ${call.text}`,
    isKill: true,
    command: scenario.wrapped(killedAt(call, scenario.command)),
  };
}

/** A failure that the call can have: of a write the disk is full, of a sync broken, of an open no descriptor is left. */
function failing({ scenario }: Rehearsed, call: Call, random: Siege["random"]): Disturbance {
  // What an unplugged board does is chaos' to try.
  if (call.text.includes("/dev/pts/")) return killing({ scenario } as Rehearsed, call);
  const error = call.name.endsWith("sync")
    ? "EIO"
    : call.name.startsWith("open")
      ? random.of(["EMFILE", "ENOSPC", "EACCES"])
      : random.of(["ENOSPC", "EROFS"]);
  const lasts = random.of(["once", "from there on"] as const);
  return {
    what: `${error} ${lasts} at ${call.nth}. ${call.text}`,
    isKill: false,
    command: scenario.wrapped(failedAt(call, { error, lasts }, scenario.command)),
  };
}

function shuffled<T>(values: readonly T[], random: Siege["random"]): T[] {
  return values
    .map((value) => ({ value, at: random.next() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ value }) => value);
}

function endOf({ code, signal, stdout, stderr }: Trial): string {
  return `${signal ?? `exit code ${code}`}: ${lastOf(stderr + stdout)}`;
}
