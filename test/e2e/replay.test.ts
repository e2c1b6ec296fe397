/** `so101 replay` on a running service, as a person or a script runs it. One program and its arms for the whole file. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { goalsOf } from "../../scripts/links-network/matching.ts";
import { askService } from "../../src/api/client.ts";
import { normalise } from "../../src/arm/calibration/normalisation.ts";
import { CalibrationStore } from "../../src/arm/calibration/store.ts";
import { JOINTS } from "../../src/arm/joints.ts";
import { readEpisode } from "../../src/dataset/dataset.ts";
import { DatasetWriter } from "../../src/dataset/writer.ts";
import { steps } from "../../src/feetech/units.ts";
import { recordEntries } from "../../src/sim/testing/record.ts";
import { commandsOf } from "../../src/workflows/replay/commands.ts";
import { programPath, run } from "../support/program.ts";
import { RunningTeleoperation } from "../support/teleoperation.ts";
import { ProgramOnTerminal } from "../support/terminal.ts";

setDefaultTimeout(60_000);

const FPS = 30;
let dir: string;
let service: RunningTeleoperation;
let socket: string[];
let dataset: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "so101-replay-"));
  // With a file of its own the record is judged by the limits: of a replay nobody knows where the leader would be.
  const config = join(dir, "pair.toml");
  await writeFile(config, "");
  service = await RunningTeleoperation.start({
    sim: { arms: "configured", motion: "still" },
    args: ["--config", config],
  });
  socket = ["--socket", join(service.sim.dir, "control.sock")];
  dataset = join(dir, "waving");
  await service.untilState("following");
  await writeDataset();
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await rm(dir, { recursive: true });
});

const follower = () =>
  new CalibrationStore(service.sim.paths.calibration).load({ role: "follower", id: "follower" });

/** Two episodes around where the follower is: of a second and a half, and of a minute. */
async function writeDataset(): Promise<void> {
  const arms = await service.sim.client.request({ do: "state" });
  const middle = JOINTS.map((joint) => {
    const at = steps(Math.round(arms.follower.joints[joint].position));
    return normalise(at, follower()[joint], joint, "range") as number;
  });
  const writer = await DatasetWriter.create(dataset, { fps: FPS, units: "range" });
  for (const length of [45, 60 * FPS]) {
    const action = Float32Array.from({ length: length * JOINTS.length }, (_, index) => {
      const [frame, joint] = [Math.floor(index / JOINTS.length), index % JOINTS.length];
      const wave = 6 * Math.sin((2 * Math.PI * frame) / 45);
      return Math.min(Math.max(middle[joint]! + wave, -99), 99);
    });
    await writer.saveEpisode({ task: "Wave", frames: { action, state: action, length }, gaps: [] });
  }
  await writer.close();
}

const replay = (...args: string[]) => run([programPath, "replay", ...args, ...socket], { cwd: dir });

/** A replay of the long episode that goes on, once it moves. */
async function begun() {
  const child = Bun.spawn([programPath, "replay", dataset, "1", "--yes", ...socket], {
    ...{ stdin: "ignore", stdout: "pipe", stderr: "pipe", cwd: dir },
  });
  let text = "";
  const reader = child.stdout.getReader();
  while (!text.includes("It replays the episode")) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`it ended: ${text} ${await new Response(child.stderr).text()}`);
    text += new TextDecoder().decode(value);
  }
  const ended = async () => ({ code: await child.exited, stderr: await new Response(child.stderr).text() });
  return { child, ended };
}

const status = async () => (await askService([socket[1]!], { do: "status" }))!;
const ask = (command: string) => run([programPath, command, ...socket], { cwd: "/" });

/** Whether all servos of the follower hold. */
async function isHeld(): Promise<boolean> {
  const arms = await service.sim.client.request({ do: "state" });
  return JOINTS.every((joint) => arms.follower.joints[joint].energised);
}

/** Has the local leader drive again. */
async function resumed(): Promise<void> {
  expect((await ask("resume")).code).toBe(0);
  const untilMs = performance.now() + 20_000;
  for (;;) {
    const { state, driver } = await status();
    if (state === "following" && driver?.source === "local leader") return;
    if (performance.now() > untilMs)
      throw new Error(`the leader does not drive: ${state}, ${driver?.source}`);
    await Bun.sleep(50);
  }
}

test("nothing moves without a yes: a script is told to give --yes", async () => {
  const { stderr, code } = await replay("waving", "0");
  expect(code).toBe(2);
  expect(stderr).toContain(
    'Episode 0 of waving, "Wave": 45 frames in 1.5 s at 30 a second. Follower "follower" moves by itself',
  );
  expect(stderr).toContain("nobody can be asked here: run it on a terminal, or give --yes");
  expect((await status()).driver?.source).toBe("local leader");
});

test("who says no, or is asked and leaves, has nothing moved", async () => {
  for (const key of ["n", "\x03"]) {
    await using screen = new ProgramOnTerminal(["replay", dataset, "0", ...socket], {
      columns: 120,
      rows: 24,
    });
    await screen.until("Is the way free?");
    screen.type(key);
    expect(await screen.exited()).toBe(130);
  }
  expect((await status()).driver?.source).toBe("local leader");
});

test("every frame's pose is LeRobot's, in order, on the follower's bus; the end is told, and the follower held", async () => {
  const { stdout, stderr, code } = await replay(dataset, "0", "--yes", "--json");
  expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  const events = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  const replayed = events.find(({ event }) => event === "replayed");
  expect(replayed).toMatchObject({ dataset, episode: 0, frames: 45, waitedSeconds: expect.any(Number) });
  expect(replayed.seconds).toBeCloseTo(44 / FPS, 2);
  expect(Object.keys(replayed.distances)).toEqual([...JOINTS]);
  expect(await isHeld()).toBe(true);

  await service.sim.client.request({ do: "sync" });
  const goals = (await recordEntries(service.sim.paths.record)).flatMap(
    (entry) => goalsOf(entry)?.goals ?? [],
  );
  const { actions } = await readEpisode(dataset, 0);
  const { positions } = commandsOf(actions, "range", follower());
  let at = 0;
  const missing: number[] = [];
  for (let frame = 0; frame < 45; frame++) {
    const found = goals.indexOf([...positions.subarray(frame * 6, frame * 6 + 6)].join(), at);
    if (found === -1) missing.push(frame);
    else at = found;
  }
  // A machine that is busy may skip some, of which the newest counts, but never the last.
  expect(missing.length).toBeLessThan(20);
  expect(missing).not.toContain(44);
});

test("after it the leader that lies still is not followed by itself; resume has it followed", async () => {
  expect((await status()).state).not.toBe("following");
  await resumed();
});

test("a pause ends it: the follower is held, and it is said why", async () => {
  const { ended } = await begun();
  expect((await ask("pause")).code).toBe(0);
  const { code, stderr } = await ended();
  expect({ code, isHeld: await isHeld() }).toEqual({ code: 130, isHeld: true });
  expect(stderr).toMatch(
    /^so101: somebody has paused the pair after \d+\.\d s: the follower is holding: paused/,
  );

  const refused = await replay(dataset, "0", "--yes");
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(`the arms are paused — "so101 resume --socket ${socket[1]}"`);
  await resumed();
});

test("Ctrl-C on a terminal ends it, and holds the follower; meanwhile nobody else drives", async () => {
  await using screen = new ProgramOnTerminal(["replay", dataset, "1", ...socket], { columns: 200, rows: 40 });
  await screen.until("Is the way free?");
  screen.type("y");
  await screen.until("It replays the episode");
  expect((await status()).driver).toMatchObject({ source: "replay", leader: "waving 1" });
  const other = await replay(dataset, "0", "--yes");
  expect({ code: other.code, stdout: other.stdout }).toEqual({ code: 1, stdout: "" });
  expect(other.stderr).toContain("the replay waving 1 drives the follower: end that one first");
  screen.type("\x03");
  expect(await screen.exited()).toBe(130);
  await screen.until("the follower is holding");
  expect(await isHeld()).toBe(true);
  await resumed();
});

test("one that is killed leaves the follower held", async () => {
  const { child } = await begun();
  child.kill("SIGKILL");
  await child.exited;
  const untilMs = performance.now() + 10_000;
  while ((await status()).state === "following" && performance.now() < untilMs) await Bun.sleep(50);
  expect((await status()).state).toBe("holding");
  expect(await isHeld()).toBe(true);
  await resumed();
});

test("who moves the leader ends it, and is followed", async () => {
  const { ended } = await begun();
  await service.sim.client.request({ do: "motion", arm: "leader", play: "wave" });
  const { code, stderr } = await ended();
  expect(code).toBe(130);
  expect(stderr).toContain("leader");
  const untilMs = performance.now() + 20_000;
  while ((await status()).driver?.source !== "local leader" && performance.now() < untilMs)
    await Bun.sleep(50);
  expect((await status()).driver?.source).toBe("local leader");
});

test.each([
  ["an episode that there is not", ["9"], 1, "has no episode 9"],
  ["an episode that is no number", ["first"], 2, "give its number, from 0"],
  ["other units than the card's", ["0", "--units", "degrees"], 2, 'leave "--units degrees" out'],
  ["units that there are not", ["0", "--units", "steps"], 2, "Allowed choices are range, degrees."],
])("%s is refused before anything is asked", async (_, args, code, words) => {
  const refused = await replay(dataset, ...args);
  expect({ code: refused.code, stdout: refused.stdout }).toEqual({ code, stdout: "" });
  expect(refused.stderr).toContain(words);
});
