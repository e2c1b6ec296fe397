/** Two programs of one pair: one has lock, socket and arms, all of them; the other waits and leaves the arms alone. */
import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { JOINTS } from "../../src/arm/joints.ts";
import { FileLock } from "../../src/linux/lock.ts";
import type { RecordEntry } from "../../src/sim/record/entries.ts";
import { startSim } from "../../src/sim/testing/start.ts";
import { programPath, run } from "../support/program.ts";
import { armArguments, type OutputEvent, RunningTeleoperation } from "../support/teleoperation.ts";

setDefaultTimeout(60_000);

const PATIENCE_MS = 20_000;
const configured = { sim: { arms: "configured", motion: "still" } } as const;

/** Another program of the pair, or what a test makes of it. */
class Second {
  readonly events: OutputEvent[] = [];
  readonly child: Bun.Subprocess<"ignore", "pipe", "pipe">;
  readonly #reading: Promise<void>;

  constructor(first: RunningTeleoperation, args: readonly string[] = []) {
    this.child = Bun.spawn([programPath, "teleoperate", "--json", ...armArguments(first.sim), ...args], {
      ...({ stdin: "ignore", stdout: "pipe", stderr: "pipe" } as const),
    });
    this.#reading = this.#read();
    seconds.push(this);
  }

  async until(text: string): Promise<void> {
    const isSaid = () =>
      this.events.some(({ to, why, message }) => `${to}: ${why} ${message}`.includes(text));
    for (const deadline = performance.now() + PATIENCE_MS; !isSaid(); await Bun.sleep(5)) {
      if (performance.now() > deadline)
        throw new Error(`"${text}" was not said: ${JSON.stringify(this.events)}`);
    }
  }

  async ended(): Promise<number> {
    const code = await this.child.exited;
    await this.#reading;
    return code;
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const text of this.child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      this.events.push(...lines.map((line) => JSON.parse(line) as OutputEvent));
    }
  }
}

const seconds: Second[] = [];
afterEach(async () => {
  for (const second of seconds.splice(0)) {
    second.child.kill("SIGKILL");
    await second.ended();
  }
});

const socketOf = ({ sim }: RunningTeleoperation) => join(sim.dir, "control.sock");
const ask = (service: RunningTeleoperation, ...command: string[]) =>
  run([programPath, ...command, "--socket", socketOf(service)], { cwd: "/" });
const pidOf = async (service: RunningTeleoperation) =>
  JSON.parse((await ask(service, "status", "--json")).stdout).pid as number;
const mark = (service: RunningTeleoperation, text: string) =>
  service.sim.client.request({ do: "mark", text });

/** What was asked of the arms after a mark, and whether it was a goal for the follower. */
async function askedAfter(service: RunningTeleoperation, text: string): Promise<RecordEntry[]> {
  const entries = await service.record();
  const from = entries.findIndex((entry) => entry.kind === "mark" && entry.text === text);
  return entries.slice(from).filter(({ kind }) => kind === "request");
}
const isGoal = (entry: RecordEntry) =>
  entry.kind === "request" && entry.arm === "follower" && /^fffffe..83(29|2a)/.test(entry.hex);

test("the second waits, whoever had it is killed; then it has all three, and a release is its own, until resume", async () => {
  await using first = await RunningTeleoperation.start(configured);
  await first.untilState("following");
  const second = new Second(first);
  await second.until(`(pid ${first.pid}) has this pair of arms`);
  expect(await pidOf(first)).toBe(first.pid);
  const third = new Second(first);
  await third.until(`(pid ${first.pid}) has this pair of arms`);
  const killedMs = performance.now();
  first.kill("SIGKILL");
  await Promise.race([second.until("aligning: "), third.until("aligning: ")]);
  const tookMs = performance.now() - killedMs;
  const [owner, waiting] = second.events.some(({ to }) => to === "aligning")
    ? [second, third]
    : [third, second];
  expect(tookMs).toBeLessThan(PATIENCE_MS);
  await waiting.until(`(pid ${owner.child.pid}) has this pair of arms`);
  expect(await pidOf(first)).toBe(owner.child.pid);
  const { stdout, code } = await ask(first, "release");
  expect({ stdout, code }).toMatchObject({ code: 0, stdout: expect.stringContaining("released") });
  await mark(first, "released");
  // What was released stays so for whoever comes next.
  owner.child.kill("SIGKILL");
  await waiting.until("waiting: released, as was asked");
  expect((await askedAfter(first, "released")).filter(isGoal)).toEqual([]);
  expect((await ask(first, "resume")).code).toBe(0);
  await waiting.until("following: ");
  expect(waiting.events.filter(({ code: told }) => told === "SO101-E085 pair.taken")).toHaveLength(2);
  waiting.child.kill("SIGTERM");
  expect(await waiting.ended()).toBe(0);
});

test("who waits asks nothing of the arms, and ends with 0 when it is told to, or when its time is over", async () => {
  await using first = await RunningTeleoperation.start(configured);
  await first.untilState("following");
  first.kill("SIGSTOP");
  await mark(first, "stopped");
  const waiting = [new Second(first), new Second(first), new Second(first, ["--duration", "2"])];
  for (const one of waiting) await one.until(`(pid ${first.pid}) has this pair of arms`);
  waiting[0]!.child.kill("SIGHUP");
  await waiting[0]!.until("the configuration was read again");
  waiting[0]!.child.kill("SIGINT");
  waiting[1]!.child.kill("SIGUSR2");
  for (const one of waiting) expect(await one.ended()).toBe(0);
  const { stderr, code } = await ask(first, "release");
  expect({ stderr, code }).toEqual({
    stderr: "so101: the service does not answer: it may be stopped or hang\n",
    code: 1,
  });
  expect(await askedAfter(first, "stopped")).toEqual([]);
  first.kill("SIGCONT");
});

test("one with another socket waits for the ports; asked to release or to pause, it says who has them, and fails", async () => {
  await using first = await RunningTeleoperation.start(configured);
  await first.untilState("following");
  const seen = first.events.length;
  const other = join(first.sim.dir, "other.sock");
  const second = new Second(first, ["--socket", other]);
  await second.until("end that program first");
  const answers = await Promise.all(
    ["release", "pause"].map((wish) => run([programPath, wish, "--socket", other], { cwd: "/" })),
  );
  for (const { stderr, code } of answers) {
    expect(stderr).toMatch(/^so101: the service refused: the follower cannot be (released|held): /);
    expect(stderr).toContain(`(pid ${first.pid}) has ${first.sim.paths.follower} open`);
    expect(code).toBe(1);
  }
  expect(first.states(seen)).toEqual([]);
  // The one that drives is asked at its own.
  expect((await ask(first, "release")).code).toBe(0);
});

test("an upgrade of a released follower leaves it released, and a hand-over is one to the program that waits", async () => {
  await using first = await RunningTeleoperation.start(configured);
  await first.untilState("following");
  const second = new Second(first);
  await second.until("has this pair of arms");
  expect(await first.stop("SIGUSR2")).toBe(0);
  await second.until("following: ");
  expect((await ask(first, "release")).code).toBe(0);
  const third = new Second(first);
  await third.until("has this pair of arms");
  await mark(first, "released");
  second.child.kill("SIGUSR2");
  await third.until("waiting: released, as was asked");
  expect((await askedAfter(first, "released")).filter(isGoal)).toEqual([]);
  // Whom somebody stops another one takes the place of: it was not told to go on either.
  const fourth = new Second(first);
  await fourth.until("has this pair of arms");
  third.child.kill("SIGTERM");
  expect(await third.ended()).toBe(0);
  await fourth.until("waiting: released, as was asked");
  expect((await askedAfter(first, "released")).filter(isGoal)).toEqual([]);
  // Who stops the program and starts it again wants it to go on.
  fourth.child.kill("SIGTERM");
  expect(await fourth.ended()).toBe(0);
  const last = new Second(first);
  await last.until("following: ");
});

test("a socket that is removed while the program runs is there again, and a program that can make none uses no arm", async () => {
  await using first = await RunningTeleoperation.start(configured);
  await first.untilState("following");
  rmSync(socketOf(first));
  await first.untilSaid("the control socket was removed, and is made again");
  expect(await pidOf(first)).toBe(first.pid);
  expect(await first.stop()).toBe(0);
  await mark(first, "ended");
  const second = new Second(first, ["--socket", join(first.sim.paths.leader, "control.sock")]);
  expect(await second.ended()).toBe(1);
  expect(await new Response(second.child.stderr).text()).toContain("no control socket");
  expect(await askedAfter(first, "ended")).toEqual([]);
});

test("parking does not wait for a pair that another program has, but says which", async () => {
  await using arms = await startSim({ arms: "configured", motion: "still" });
  const socket = join(arms.dir, "control.sock");
  const config = join(arms.dir, "config.toml");
  const pose = JOINTS.map((joint) => `${joint} = 0`).join("\n");
  const arm = (role: "leader" | "follower") => `[${role}]\nport = "${arms.paths[role]}"\nid = "${role}"\n`;
  await Bun.write(
    config,
    `calibration_dir = "${arms.paths.calibration}"\n${arm("leader")}${arm("follower")}[park]\n${pose}\n`,
  );
  const lock = FileLock.take(`${socket}.lock`) as FileLock;
  const name = readFileSync("/proc/self/comm", "utf8").trim();
  const { stderr, code } = await run([programPath, "park", "--config", config, "--socket", socket], {
    cwd: "/",
  });
  expect({ stderr, code }).toEqual({
    stderr: `so101: ${name} (pid ${process.pid}) has this pair of arms — end that program first\n`,
    code: 1,
  });
  lock.release();
});
