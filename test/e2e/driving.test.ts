/** Clients that drive the compiled program's follower: two at once, some that vanish, flood and lie, and people beside the arms. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { targetsPath } from "../../src/api/address.ts";
import { ApiError, askService } from "../../src/api/client.ts";
import { Driving } from "../../src/api/driving.ts";
import type { DriveState, Status } from "../../src/api/protocol.ts";
import { framesOf, RecorderConnection } from "../../src/api/recorder.ts";
import { JOINTS } from "../../src/arm/joints.ts";
import { nativeBuffer } from "../../src/linux/libc.ts";
import { close, connectTo, send } from "../../src/linux/sockets/stream.ts";
import { epochHalves, SAMPLE_BYTES, SampleView } from "../../src/teleop/remote/sample.ts";
import { RawClient } from "../support/raw-client.ts";
import { RunningTeleoperation } from "../support/teleoperation.ts";

setDefaultTimeout(90_000);

const PATIENCE_MS = 30_000;
/** A client of LeRobot sends so often, Hz. */
const RATE_HZ = 30;
const CLIENT = join(import.meta.dir, "../support/driving-client.ts");

let service: RunningTeleoperation;
let socket: string;
/** Where the follower stands at first, in steps. */
let home: number[];
/** What is to be undone after a test. */
const cleanUp: (() => unknown)[] = [];

beforeAll(async () => {
  service = await RunningTeleoperation.start({
    sim: { arms: "configured", motion: "still" },
    isDriven: true,
  });
  socket = join(service.sim.dir, "control.sock");
  await service.untilState("following");
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
});

beforeEach(async () => {
  // Whatever was before, the leader drives.
  await askService([socket], { do: "resume" });
  await leaderRests();
  await until(
    ({ state, driver }) =>
      state === "following" && driver?.source === "local leader" && driver.isAwaited === undefined,
  );
  home = goalsIn(await status());
});

afterEach(async () => {
  for (const undo of cleanUp.splice(0)) await undo();
});

const status = async () => (await askService([socket], { do: "status" }))!;

async function until(holds: (status: Status) => boolean): Promise<Status> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const now = await status();
    if (holds(now)) return now;
    if (performance.now() > deadline) throw new Error(`it stays so: ${now.state}, ${now.why}`);
    await Bun.sleep(20);
  }
}

function goalsIn({ arms }: Status): number[] {
  return JOINTS.map((joint) => arms.follower.joints[joint].goalSteps!);
}

/** Until nobody has the leader in hand any more, who would keep a client from beginning. */
async function leaderRests(): Promise<void> {
  const positions = async () => {
    const { leader } = await service.sim.client.request({ do: "state" });
    return JSON.stringify(JOINTS.map((joint) => leader.joints[joint].position));
  };
  for (let before = ""; ; await Bun.sleep(400)) {
    const now = await positions();
    if (now === before) return;
    before = now;
  }
}

let clients = 0;

/** A client of its own, that ends with the test. */
async function aClient(who = `10.0.0.${++clients}`): Promise<Driving> {
  const driving = await Driving.begin([socket], "client", who, new AbortController().signal);
  cleanUp.push(() => driving.end());
  return driving;
}

/** Has it give targets at 30 Hz until the test ends, or it is stopped. */
function stream(driving: Driving, target: () => readonly number[]): { stop(): void } {
  driving.target(target());
  const timer = setInterval(() => driving.target(target()), 1_000 / RATE_HZ);
  cleanUp.push(() => clearInterval(timer));
  return { stop: () => clearInterval(timer) };
}

const beside = (steps: number) => home.map((goal) => goal + steps);
const isAt = (target: readonly number[]) => (now: Status) => Bun.deepEquals(goalsIn(now), target);
const drives = (who: string) => (now: Status) => now.driver?.source === "client" && now.driver.leader === who;

/** Why a client may not drive. */
async function refusalOf(who: string, as: "client" | "replay" = "client"): Promise<string> {
  try {
    await (await Driving.begin([socket], as, who, new AbortController().signal)).end();
  } catch (error) {
    if (error instanceof ApiError && error.problem.kind === "refused") return error.problem.reason;
    throw error;
  }
  return "it may";
}

async function overOf(driving: Driving): Promise<DriveState> {
  const last = await driving.over;
  if ("kind" in last) throw new Error(`it ended without a word: ${last.kind}`);
  return last;
}

/** Moves the leader's elbow, to the side on which it has room: by so many degrees in so many seconds. */
async function moveLeader(deg: number, forS: number): Promise<void> {
  const { client } = service.sim;
  const { leader } = await client.request({ do: "state" });
  const { position } = leader.joints.elbow_flex;
  const steps = (deg / 360) * 4096;
  await client.request({
    ...{ do: "push", arm: "leader", joint: "elbow_flex", speed: steps / forS },
    position: Math.round(position > 2048 ? position - steps : position + steps),
  });
}

test("a client drives from its first target on, a second one is refused, and after it nobody drives by himself", async () => {
  const driving = await aClient("10.1.1.1");
  expect(driving.state.is).toBe("holding");
  expect((await status()).driver?.source).toBe("local leader");
  const target = beside(40);
  const { stop } = stream(driving, () => target);
  const { driver } = await until((now) => isAt(target)(now) && now.state === "following");
  expect(driver).toMatchObject({ source: "client", leader: "10.1.1.1" });
  expect(await refusalOf("10.1.1.2")).toBe("the client 10.1.1.1 drives already");
  expect(await refusalOf("10.1.1.1")).toBe("the client 10.1.1.1 drives already");
  stop();
  await driving.end();
  const held = await until(({ state }) => state === "holding");
  expect(held.reasons[0]?.code).toBe("SO101-E122 client.gone");
  expect(held.driver).toMatchObject({ source: "local leader", isAwaited: true });
  expect(Date.parse(held.driver!.since)).toBeGreaterThan(Date.parse(driver!.since));
  await Bun.sleep(500);
  expect(goalsIn(await status())).toEqual(target);
});

test("one that is killed has the follower held, and goes on by alignment when it is back", async () => {
  const target = beside(-40);
  const words = [process.execPath, CLIENT, socket, "10.1.1.3", String(RATE_HZ), ...target.map(String)];
  const first = Bun.spawn(words, { stdout: "ignore" });
  cleanUp.push(() => first.kill("SIGKILL"));
  await until(isAt(target));
  first.kill("SIGKILL");
  await until(({ state, reasons }) => state === "holding" && reasons[0]?.code === "SO101-E121 client.silent");
  expect(await refusalOf("10.1.1.4")).toBe("the client 10.1.1.3 drives already");
  const again = await aClient("10.1.1.3");
  const from = service.events.length;
  stream(again, () => target);
  await service.untilState("following", from);
  expect(service.states(from).at(-1)).toBe("following");
});

test("a pause ends its drive at once, and it does not come back while it goes on asking", async () => {
  const driving = await aClient("10.1.1.5");
  stream(driving, () => beside(30));
  await until(drives("10.1.1.5"));
  await askService([socket], { do: "pause" });
  expect((await overOf(driving)).why).toBe("somebody has paused the pair");
  await until(({ isObeyed }) => isObeyed === true);
  expect(await refusalOf("10.1.1.6")).toBe("the pair is paused: who is beside it must resume it first");
  await askService([socket], { do: "resume" });
  await until(({ state }) => state === "following");
  for (let i = 0; i < 5; i++)
    expect(await refusalOf("10.1.1.5")).toContain("once it has asked for nothing for 10 s");
  expect((await status()).driver?.source).toBe("local leader");
});

test("what floods, lies and is rubbish on the targets' socket never becomes a goal", async () => {
  const driving = await aClient("10.1.1.7");
  const target = beside(20);
  stream(driving, () => target);
  // Events that come again and again are told late, or not each: so it is counted how often the follower has aligned.
  const { alignments } = await until((now) => isAt(target)(now) && now.state === "following");
  // Nobody else is heard while a client is.
  const bytes = nativeBuffer(64);
  const view = new SampleView(bytes.bytes);
  const { low, high } = epochHalves(driving.state.epoch);
  for (let round = 0; round < 20; round++) {
    const fd = connectTo(targetsPath(socket), 20, "datagrams");
    view.write(0xffff_fff0, low, high, performance.now() * 1e3, [0, 0, 0, 0, 0, 0]);
    for (let i = 0; i < 50; i++) send(fd, bytes, i % 2 === 0 ? SAMPLE_BYTES : i % 64);
    close(fd);
    await Bun.sleep(20);
  }
  const after = await status();
  expect(goalsIn(after)).toEqual(target);
  expect([after.state, after.alignments]).toEqual(["following", alignments]);
});

test.each([
  ["of another epoch", () => ({ epoch: "0000000100000002", sentUs: 1e6, positions: [0, 0, 0, 0, 0, 0] })],
  [
    "that are no positions",
    (epoch: string) => ({ epoch, sentUs: 1e6, positions: [-1, 5000, 32767, -32768, 4096, 9999] }),
  ],
  [
    "with a time that is none",
    (epoch: string) => ({ epoch, sentUs: Number.NaN, positions: [0, 0, 0, 0, 0, 0] }),
  ],
])("targets %s let nobody drive", async (_what, lie) => {
  const client = new RawClient(socket);
  cleanUp.push(() => client.close());
  client.say(`{"v":1,"do":"drive","as":"client","who":"10.1.2.${++clients}"}\n`);
  const [line] = await client.until(1);
  const { drive } = JSON.parse(line!) as { drive: DriveState };
  const fd = connectTo(targetsPath(socket), 20, "datagrams");
  cleanUp.push(() => close(fd));
  const bytes = nativeBuffer(SAMPLE_BYTES);
  const view = new SampleView(bytes.bytes);
  const { epoch, sentUs, positions } = lie(drive.epoch);
  const { low, high } = epochHalves(epoch);
  for (let sequence = 1; sequence < 60; sequence++) {
    view.write(sequence, low, high, sentUs, positions);
    send(fd, bytes, SAMPLE_BYTES);
    await Bun.sleep(5);
  }
  const now = await status();
  expect(now.driver?.source).toBe("local leader");
  expect(goalsIn(now)).toEqual(home);
});

/** Whether the follower is held because somebody moves the leader: of events that come again and again not each is told. */
/** How a client is told that it is, next time that it is so. */
const told = (driving: Driving, is: DriveState["is"]) =>
  new Promise<string>((resolve) => {
    driving.changed = () => {
      if (driving.state.is === is) resolve(driving.state.why);
    };
  });

test("the leader takes the follower from it once it has moved for a second, but not when it is bumped", async () => {
  const driving = await aClient("10.1.1.8");
  const target = beside(25);
  stream(driving, () => target);
  await until(isAt(target));
  const bumped = told(driving, "holding");
  await moveLeader(15, 0.15);
  await bumped;
  await told(driving, "driving");
  await until((now) => isAt(target)(now) && now.state === "following");
  expect((await status()).driver?.source).toBe("client");
  const moved = told(driving, "holding");
  await moveLeader(60, 3);
  await moved;
  expect((await overOf(driving)).why).toBe("somebody moves the leader, which drives now");
  await until(({ state, driver }) => state === "following" && driver?.source === "local leader");
  expect(await refusalOf("10.1.1.8")).toContain("it may ask again");
});

test("the leader need not be there, and is watched once it is plugged in", async () => {
  const { client } = service.sim;
  await client.request({ do: "pull", arm: "leader" });
  await until(({ state }) => state === "waiting");
  const driving = await aClient("10.1.1.9");
  const target = beside(35);
  stream(driving, () => target);
  await until((now) => isAt(target)(now) && now.state === "following");
  await client.request({ do: "plug", arm: "leader" });
  await until(({ arms }) => arms.leader.joints.elbow_flex.positionSteps !== null);
  await until(({ state }) => state === "following");
  await moveLeader(60, 3);
  expect((await overOf(driving)).why).toBe("somebody moves the leader, which drives now");
});

test("a program that is killed while a client drives is followed by one that leaves the leader on the table", async () => {
  const driving = await aClient("10.1.1.10");
  stream(driving, () => home);
  await until((now) => drives("10.1.1.10")(now) && now.state === "following");
  service.kill("SIGKILL");
  await service.exited();
  const from = service.events.length;
  service.restart();
  await service.untilState("holding", from);
  const held = await until(({ state }) => state === "holding");
  expect(held.reasons[0]?.code).toBe("SO101-E122 client.gone");
  await Bun.sleep(300);
  expect(service.states(from)).not.toContain("aligning");
  await askService([socket], { do: "resume" });
  await service.untilState("following", from);
});

test("no episode is begun of a follower that it drives, whoever orders that of the recorder", async () => {
  const recorder = await RecorderConnection.open([socket]);
  cleanUp.push(() => recorder.close());
  recorder.say({
    ...{ is: "ready", dataset: "/data/cubes", task: "Grab the cube", fps: 30, episode: 0, saved: 0 },
    ...{ episodes: null, frames: 0, seconds: 0, lost: 0, remainingS: null, message: "" },
  });
  const driving = await aClient("10.1.1.12");
  const target = beside(20);
  stream(driving, () => target);
  await until((now) => isAt(target)(now) && now.state === "following" && now.recording !== undefined);
  const begun = askService([socket], { do: "record", order: "begin" });
  expect(await begun.catch(({ problem }: ApiError) => problem)).toEqual({
    kind: "refused",
    reason: "no leader moves the follower now, but a client: what a leader does is recorded",
  });
});

test("its beginning is seen in frames that are recorded, though the follower need not move for it", async () => {
  const ending = new AbortController();
  cleanUp.push(() => ending.abort());
  const states: string[] = [];
  const listening = (async () => {
    for await (const { state } of framesOf([socket], 30, ending.signal)) states.push(state);
  })().catch(() => {});
  const frames = async (more: number) => {
    for (const count = states.length; states.length < count + more; ) await Bun.sleep(5);
  };
  await frames(10);
  expect(new Set(states)).toEqual(new Set(["following"]));
  const driving = await aClient("10.1.1.11");
  stream(driving, () => home);
  await until((now) => drives("10.1.1.11")(now) && now.state === "following");
  await frames(10);
  expect(states).toContain("aligning");
  ending.abort();
  await listening;
});
