/** The compiled program recording simulated arms: by time, by orders, by keys, and through what goes wrong meanwhile. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { askService, sampleService, watchService } from "../../src/api/client.ts";
import type { ApiSample } from "../../src/api/protocol.ts";
import type { Calibration } from "../../src/arm/calibration/calibration.ts";
import { JOINTS, type Role } from "../../src/arm/joints.ts";
import { checkDataset } from "../../src/dataset/check/check.ts";
import { readDataset, readEpisode } from "../../src/dataset/dataset.ts";
import { MOUNTING, needing } from "../support/needs.ts";
import { programPath, run } from "../support/program.ts";
import { order, RunningRecorder, recordingOf } from "../support/recorder.ts";
import { fileOf } from "../support/simulated-arms.ts";
import { RunningTeleoperation } from "../support/teleoperation.ts";
import { ProgramOnTerminal } from "../support/terminal.ts";

setDefaultTimeout(120_000);

let service: RunningTeleoperation;
let socket: string;
let folder: string;
let count = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "so101-record-"));
  // Simulated arms of a busy machine may be silent for longer than real ones.
  const config = join(folder, "patient.toml");
  await Bun.write(config, "[teleoperation]\nhold_after_ms = 1000\n");
  service = await RunningTeleoperation.start({ args: ["--config", config] });
  socket = join(service.sim.dir, "control.sock");
  await service.untilState("following");
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** A folder that is not there. */
const newDir = () => join(folder, `dataset-${count++}`);

/** Waits until the pair follows: it may be held for a moment on a busy machine. */
async function untilFollowing(): Promise<void> {
  for await (const { state } of watchService([socket], 50, AbortSignal.timeout(30_000))) {
    if (state === "following") return;
  }
}

/** Begins an episode as soon as that can be. */
async function begin(): Promise<void> {
  await untilFollowing();
  await order(socket, "begin");
}

/** How many episodes a dataset has, once it is seen that nothing is wrong with it. */
async function episodesIn(dir: string): Promise<number> {
  const findings = await checkDataset(dir);
  expect(findings.filter(({ level }) => level === "error")).toEqual([]);
  return (await readDataset(dir)).episodes.length;
}

test("by time: so many episodes of exactly so many frames, which the loop's own samples are, each at its time", async () => {
  const dir = newDir();
  const over = new AbortController();
  const samples: ApiSample[] = [];
  const sampling = (async () => {
    for await (const sample of sampleService([socket], 2, over.signal)) samples.push(sample);
  })().catch(() => {});
  const args = ["--dataset", dir, "--episode-time", "1.5", "--reset-time", "0.2", "--episodes", "2"];
  await using recorder = new RunningRecorder(socket, args);
  const { code, stderr } = await recorder.ended();
  over.abort();
  await sampling;
  expect([code, stderr]).toEqual([0, ""]);
  expect(recorder.events.at(-1)).toMatchObject({ event: "end", how: "done" });
  const [saved, end] = ["resetting", "done"].map((is) => recorder.events.find((event) => event.is === is));
  expect(saved).toMatchObject({ remainingS: 0.2, message: expect.stringContaining("episode 0 was saved") });
  expect(end!.message).toContain("episode 1 was saved");
  expect(await episodesIn(dir)).toBe(2);
  const { info, episodes, units } = await readDataset(dir);
  expect([info.fps, info.robot_type, units]).toEqual([30, "so_follower", "range"]);
  expect(episodes.map(({ length, tasks }) => [length, tasks])).toEqual([
    [45, ["Grab the cube"]],
    [45, ["Grab the cube"]],
  ]);
  const normalised = samples.map((sample) => ({
    timeUs: sample.timeUs,
    action: lerobot("leader", sample.leader),
    state: lerobot("follower", sample.follower),
  }));
  const missed = samples.flatMap(({ timeUs, lost }, at) => {
    const before = samples[at - 1];
    return before !== undefined && lost > before.lost ? [[before.timeUs, timeUs] as const] : [];
  });
  for (const { number, gaps } of episodes) {
    const { actions, states } = await readEpisode(dir, number);
    const lost = new Set(
      gaps.flatMap(({ from, frames }) => Array.from({ length: frames }, (_, at) => from + at)),
    );
    const times = Array.from({ length: 45 }, (_, frame) => {
      const [action, state] = [actions, states].map((all) => [...all.subarray(frame * 6, frame * 6 + 6)]);
      const found = normalised.filter((one) => Bun.deepEquals([one.action, one.state], [action, state]));
      return lost.has(frame) ? undefined : found.map(({ timeUs }) => timeUs);
    });
    const seen = times.findIndex((candidates) => candidates !== undefined && candidates.length > 0);
    const firstUs = times[seen]!.at(-1)! - (seen * 1e6) / 30;
    for (const [frame, candidates] of times.entries()) {
      if (candidates === undefined) continue;
      const dueUs = firstUs + (frame * 1e6) / 30;
      // What this process was too busy to take in, it cannot know again.
      const isMissed = missed.some(([from, to]) => dueUs > from - 50_000 && dueUs < to + 50_000);
      if (candidates.length === 0 && isMissed) continue;
      const awayUs = candidates.map((us) => Math.abs(us - dueUs));
      // Half a tick, and how late two ticks are: a busy machine skips some.
      expect(Math.min(...awayUs)).toBeLessThan(50_000);
    }
  }
});

/** What LeRobot makes of positions, by the arm's own file; by the formula of its range modes, in its float32. */
function lerobot(role: Role, positions: readonly (number | null)[]): number[] {
  const calibration = JSON.parse(readFileSync(fileOf(service.sim, role), "utf8")) as Calibration;
  return JOINTS.map((joint, index) => {
    const { range_min: min, range_max: max } = calibration[joint];
    const share = (Math.min(max, Math.max(min, positions[index]!)) - min) / (max - min);
    return Math.fround(joint === "gripper" ? share * 100 : share * 200 - 100);
  });
}

describe("by orders", () => {
  test("episodes are begun, ended, discarded, and recorded again; the status says how it is", async () => {
    const dir = newDir();
    await using recorder = new RunningRecorder(socket, ["--dataset", dir, "--unattended", "--fps", "50"]);
    await recorder.untilIs("ready");
    expect(await recordingOf(socket)).toMatchObject({
      is: "ready",
      dataset: dir,
      fps: 50,
      episode: 0,
      saved: 0,
    });
    await expect(order(socket, "end")).rejects.toThrow("no episode is being recorded");
    await expect(order(socket, "again")).rejects.toThrow("there is no episode to record again");

    await begin();
    await recorder.untilIs("recording", 20);
    expect(await recordingOf(socket)).toMatchObject({ is: "recording", episode: 0, task: "Grab the cube" });
    await expect(order(socket, "begin")).rejects.toThrow("an episode is being recorded already");
    await order(socket, "end");
    await recorder.until(({ is, saved }) => is === "ready" && saved === 1, "the first episode");

    await begin();
    await recorder.untilIs("recording", 10);
    await order(socket, "discard");
    const discarded = await recorder.untilIs("ready");
    expect([discarded.saved, discarded.message]).toEqual([1, expect.stringContaining("not saved")]);

    await begin();
    await recorder.untilIs("recording", 10);
    await order(socket, "again");
    expect((await recorder.untilIs("ready")).message).toContain("it is recorded again");

    // The last one that was saved is episode 0.
    await order(socket, "again");
    const removed = await recorder.until(({ saved }) => saved === 0, "its removal");
    expect([removed.episode, removed.message]).toEqual([0, expect.stringContaining("episode 0 was removed")]);
    expect(await episodesIn(dir)).toBe(0);

    await begin();
    await recorder.untilIs("recording", 10);
    await order(socket, "stop");
    expect(await recorder.ended()).toEqual({ code: 0, stderr: "" });
    expect(await episodesIn(dir)).toBe(1);
    expect(await recordingOf(socket)).toBeUndefined();
    await expect(order(socket, "begin")).rejects.toThrow("nobody records this pair");
  });

  test("one that runs is given up when the pair is paused; none begins until it follows, and then by itself as asked for", async () => {
    const dir = newDir();
    const args = [
      ...["--dataset", dir, "--unattended", "--reset-time", "0.2"],
      ...["--episode-time", "1.6", "--episodes", "2"],
    ];
    await using recorder = new RunningRecorder(socket, args);
    await recorder.untilIs("ready");
    await begin();
    await recorder.untilIs("recording", 5);
    await askService([socket], { do: "pause" });
    const { message, saved } = await recorder.until(
      (event) => event.is === "ready" && event.message.includes("does not follow"),
      "waiting",
    );
    expect(message).toMatch(
      /^episode 0 is not saved \(\d+\.\d s\): the follower stopped following the leader — paused/,
    );
    expect(saved).toBe(0);
    await expect(order(socket, "begin")).rejects.toThrow("the follower does not follow (holding): paused");
    await askService([socket], { do: "resume" });
    expect(await recorder.ended()).toEqual({ code: 0, stderr: "" });
    expect(await episodesIn(dir)).toBe(2);
  });

  test("a second recorder is refused, told who is there, and makes nothing", async () => {
    await using first = new RunningRecorder(socket, ["--dataset", newDir(), "--unattended"]);
    await first.untilIs("ready");
    const dir = newDir();
    await using second = new RunningRecorder(socket, ["--dataset", dir]);
    const { code, stderr } = await second.ended();
    expect(code).toBe(1);
    expect(stderr).toContain(`(pid ${first.pid}) records this pair already into`);
    expect(existsSync(dir)).toBe(false);
  });
});

describe("what goes wrong", () => {
  test("recorders that are killed leave every episode that was saved, and --resume goes on", async () => {
    const dir = newDir();
    let saved = 0;
    for (let kill = 0; kill < 4; kill++) {
      const args = ["--dataset", dir, "--episode-time", "0.2", "--reset-time", "0.001", "--fps", "100"];
      await using recorder = new RunningRecorder(socket, kill === 0 ? args : [...args, "--resume"]);
      await recorder.until((event) => (event.saved ?? 0) > 0, "an episode");
      await Bun.sleep(kill * 70);
      recorder.kill("SIGKILL");
      await recorder.ended();
      saved += Math.max(...recorder.events.map((event) => event.saved ?? 0));
    }
    // One more may have been counted in the moment before it was said.
    await using last = new RunningRecorder(socket, ["--dataset", dir, "--resume", "--unattended"]);
    expect((await last.ended()).stderr).toContain("give --fps 100");
    await using recorder = new RunningRecorder(socket, [
      "--dataset",
      dir,
      "--resume",
      "--unattended",
      "--fps",
      "100",
    ]);
    await recorder.untilIs("ready");
    const episodes = await episodesIn(dir);
    expect(episodes).toBeGreaterThanOrEqual(saved);
    expect(episodes).toBeLessThanOrEqual(saved + 4);
    for (let number = 0; number < episodes; number++)
      expect((await readEpisode(dir, number)).length).toBe(20);
  });

  test("SIGINT while an episode runs ends with 130, and says that it is not saved; between two with 0", async () => {
    const dir = newDir();
    await using recorder = new RunningRecorder(socket, ["--dataset", dir, "--unattended"]);
    await recorder.untilIs("ready");
    await begin();
    await recorder.untilIs("recording", 10);
    recorder.kill("SIGINT");
    const { code, stderr } = await recorder.ended();
    expect([code, stderr]).toEqual([130, expect.stringContaining("episode 0 is not saved")]);
    expect(await episodesIn(dir)).toBe(0);
    await using next = new RunningRecorder(socket, ["--dataset", dir, "--resume", "--unattended"]);
    await next.untilIs("ready");
    next.kill("SIGTERM");
    expect(await next.ended()).toEqual({ code: 0, stderr: "" });
  });

  test("a service that is killed costs the running episode; the recorder goes on with the one that comes next", async () => {
    const dir = newDir();
    await using recorder = new RunningRecorder(socket, ["--dataset", dir, "--unattended"]);
    await recorder.untilIs("ready");
    await begin();
    await recorder.untilIs("recording", 10);
    service.kill("SIGKILL");
    await service.exited();
    expect((await recorder.untilIs("ready")).message).toContain("not saved");
    service.restart();
    const from = service.events.length;
    await service.untilState("following", from);
    await begin();
    await recorder.untilIs("recording", 10);
    await order(socket, "stop");
    expect(await recorder.ended()).toEqual({ code: 0, stderr: "" });
    expect(await episodesIn(dir)).toBe(1);
  });

  needing(MOUNTING).test("with less than 500 MB free none begins; what was saved stays", async () => {
    const dir = join(folder, "small");
    mkdirSync(dir);
    const small = [
      "unshare",
      "--mount",
      "sh",
      "-euc",
      `mount -t tmpfs -o size=400m tmpfs ${dir}; exec "$0" "$@"`,
    ];
    const args = ["--dataset", join(dir, "dataset"), "--episode-time", "1"];
    await using recorder = new RunningRecorder(socket, args, small);
    const { code, stderr } = await recorder.ended();
    expect(code).toBe(1);
    expect(stderr).toMatch(/only \d+ MB are free where the dataset is: recording stops at 500 MB/);
  });
});

describe("is refused", () => {
  const record = (...args: string[]) =>
    run([programPath, "record", "--socket", socket, ...args], { cwd: folder });
  const task = ["--task", "Grab the cube"];

  test.each([
    [["--task", ""], 2, "Say in 1 to 200 characters"],
    [["--task", "  "], 2, "Say in 1 to 200 characters"],
    [["--task", "x".repeat(201)], 2, "Say in 1 to 200 characters"],
    [["--task", "a\u001b[31m"], 2, ""],
    [[], 2, "--task"],
    [[...task, "--fps", "0"], 2, "Expected a whole number"],
    [[...task, "--fps", "201"], 2, "from 1 to 200"],
    [[...task, "--fps", "29.97"], 2, "Expected a whole number"],
    [[...task, "--episodes", "0"], 2, "Expected a whole number"],
    [[...task, "--episode-time", "-1"], 2, "more than 0"],
    [[...task, "--resume"], 2, "name its folder with --dataset"],
    [[...task, "--dataset", ""], 2, "name a folder"],
    [[...task, "--dataset", "nothing", "--resume"], 1, "there is no dataset"],
    [[...task, "--dataset", "/proc/nothing"], 1, "/proc"],
  ])("%j, with exit code %d", async (args, code, said) => {
    const outcome = await record(...args);
    expect([outcome.code, outcome.stderr]).toEqual([code, expect.stringContaining(said)]);
  });

  test("a dataset that is there, without --resume; one of another fps; a folder with something else", async () => {
    const dir = newDir();
    await using recorder = new RunningRecorder(socket, ["--dataset", dir, "--unattended"]);
    await recorder.untilIs("ready");
    await order(socket, "stop");
    await recorder.ended();
    expect((await record(...task, "--dataset", dir)).stderr).toContain("give --resume to go on with it");
    expect((await record(...task, "--dataset", dir, "--resume", "--fps", "20")).stderr).toContain(
      "give --fps 30",
    );
    expect((await record(...task, "--dataset", service.sim.dir)).stderr).toContain(
      "has something else in it",
    );
    expect(await episodesIn(dir)).toBe(0);
  });

  test("where no service runs", async () => {
    const args = ["record", "--socket", join(folder, "none.sock"), ...task, "--dataset", newDir()];
    const { code, stderr } = await run([programPath, ...args], { cwd: folder });
    expect([code, stderr]).toEqual([1, expect.stringContaining("the service does not run")]);
  });
});

test("at a terminal keys do it, and the screen says how it is", async () => {
  const dir = newDir();
  const args = ["record", "--socket", socket, "--task", "Grab the cube", "--dataset", dir];
  await using person = new ProgramOnTerminal(args, { columns: 110 });
  await person.until("ready for episode 0");
  await untilFollowing();
  person.type("\u001b[C");
  await person.until("recording episode 0: 0:01");
  person.type("\r");
  await person.until("ready for episode 1");
  await person.until("1 saved");
  // A key that is pressed twice begins nothing: it is pressed again after a moment.
  await Bun.sleep(900);
  person.type(" ");
  await person.until("recording episode 1");
  person.type("\u001b[D");
  await person.until("it is recorded again");
  await Bun.sleep(900);
  person.type("\u001b[C");
  await person.until("recording episode 1: 0:00.5");
  person.type("\u001b");
  expect(await person.exited()).toBe(0);
  expect(await episodesIn(dir)).toBe(2);
});
