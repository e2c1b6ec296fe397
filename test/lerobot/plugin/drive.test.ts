import { afterAll, beforeAll, expect, setDefaultTimeout } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { askService } from "../../../src/api/client.ts";
import type { Status } from "../../../src/api/protocol.ts";
import { nowUs } from "../../../src/linux/clock.ts";
import { LEROBOT_SESSION, LerobotSession } from "../../support/lerobot-session.ts";
import { needing } from "../../support/needs.ts";
import { compiledPluginHost } from "../../support/plugin-host.ts";
import { encoders } from "../../support/simulated-arms.ts";
import { RunningTeleoperation } from "../../support/teleoperation.ts";
import { ZmqPeer } from "../../support/zmq-peer.ts";

const { test } = needing(...LEROBOT_SESSION);
setDefaultTimeout(60_000);

let folder: string;
let arms: RunningTeleoperation;
let host: Awaited<ReturnType<typeof compiledPluginHost>>;
let socket: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "plugin-drive-"));
  const config = join(folder, "config.toml");
  await writeFile(config, '[teleoperation]\nnormalisation = "degrees"\nhold_after_ms = 1000\n');
  arms = await RunningTeleoperation.start({ sim: { motion: "still" }, args: ["--config", config] });
  socket = join(arms.sim.dir, "control.sock");
  host = await compiledPluginHost(socket);
  await arms.untilState("following");
});
afterAll(async () => {
  await host?.[Symbol.asyncDispose]();
  await arms?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const STATUS_PATIENCE_MS = 20_000;

/** Waits until a status is as wanted. */
async function untilStatus(wanted: (status: Status) => boolean): Promise<Status> {
  const deadline = performance.now() + STATUS_PATIENCE_MS;
  for (;;) {
    const now = (await status())!;
    if (wanted(now)) return now;
    if (performance.now() > deadline)
      throw new Error(`the status stayed ${JSON.stringify([now.state, now.why, now.driver])}`);
    await Bun.sleep(20);
  }
}
const status = (): Promise<Status | undefined> => askService([socket], { do: "status" });

/** A session whose robot drives, and a loop such as lerobot-rollout's. */
async function driver(): Promise<LerobotSession> {
  // What another test has left behind drives no more by then.
  await untilStatus(({ state, driver: by }) => by?.source !== "client" || state === "holding");
  const session = await LerobotSession.start();
  await session.value(`
import time
robot = make_robot(remote_ip="${host.address}")
robot.connect()

def drive(change, for_s=30, near=1.0):
    """Drives to a pose that differs from the present one by so much, at 60 Hz; how near it has come."""
    target = robot.get_observation()
    target.update({key: target[key] + by for key, by in change.items()})
    ends = time.monotonic() + for_s
    while time.monotonic() < ends:
        seen = robot.get_observation()
        away = max(abs(seen[key] - target[key]) for key in target)
        robot.send_action(target)
        if away < near:
            break
        time.sleep(1 / 60)
    return away
`);
  return session;
}

test("without the Pi's leader the robot drives the follower, which aligns first, within the limits", async () => {
  await using session = await driver();
  expect(await session.value("robot.is_shadow")).toBe(false);
  const before = await encoders(arms.sim, "follower");
  // The first target is waited for: a replay begins where its dataset does, but for what the servo is behind its goal.
  const first = 'robot.send_action({**robot.get_observation(), "wrist_roll.pos": 30.0})';
  await session.value(first);
  expect(await session.value('robot.get_observation()["wrist_roll.pos"]')).toBeWithin(25, 35);
  expect(await session.value('drive({"shoulder_pan.pos": 20, "gripper.pos": 15})')).toBeLessThan(1);
  const after = await encoders(arms.sim, "follower");
  // A turn is 4095 steps in LeRobot's degrees.
  expect(after[0]! - before[0]!).toBeWithin(20 * (4095 / 360) - 20, 20 * (4095 / 360) + 20);
  expect((await status())?.driver).toMatchObject({ source: "client", leader: "127.0.0.1 (so101_remote)" });
  expect((await session.run("robot.disconnect()")).error).toBeNull();
  // It drives no more at once, and what it has reached is held.
  await untilStatus(({ state }) => state === "holding");
  const held = await encoders(arms.sim, "follower");
  expect(Math.abs(held[0]! - after[0]!)).toBeLessThan(12);
});

test("what is no position is refused before it is sent, and by the Pi", async () => {
  await using session = await driver();
  const { error } = await session.run(
    'robot.send_action({**robot.get_observation(), "gripper.pos": float("nan")})',
  );
  expect(error).toStartWith("ValueError: This action is no position");
  const missing = await session.run('robot.send_action({"gripper.pos": 1.0})');
  expect(missing.error).toStartWith("KeyError");
  const far = await session.run('robot.send_action({**robot.get_observation(), "elbow_flex.pos": 4000.0})');
  expect(far.error).toContain("the action is no position of this arm");
});

test("a program that was killed leaves the follower where it is, and one that comes again goes on", async () => {
  const session = await driver();
  await session.value('drive({"shoulder_pan.pos": -8})');
  await session[Symbol.asyncDispose]();
  await untilStatus(({ state }) => state === "holding");
  await using next = await driver();
  expect(await next.value('drive({"shoulder_pan.pos": -8})')).toBeLessThan(1);
  await next.value("robot.disconnect()");
});

test("of two programs one drives, and the other is told so; both watch", async () => {
  await using one = await driver();
  await using other = await driver();
  await one.value('drive({"wrist_flex.pos": 5})');
  const both = one.value('drive({"wrist_flex.pos": -3}, for_s=2, near=0)');
  const { error } = await other.run("robot.send_action(robot.get_observation())");
  expect(error).toStartWith("RuntimeError:");
  expect(error).toContain("another program at 127.0.0.1 drives the follower");
  // From another address it is the service that refuses.
  await using peer = new ZmqPeer();
  await peer.connect("requests", { kind: "req", to: `tcp://127.0.0.2:0;${host.address}:5558` });
  const request = { v: 1, do: "drive", number: 5, target: [0, 0, 0, 0, 0, 0], seen: nowUs() };
  await peer.send("requests", [JSON.stringify(request)]);
  const [reply] = (await peer.receive("requests", 5_000))!;
  expect(JSON.parse(reply!)).toMatchObject({ v: 1, ok: false, number: 5 });
  expect(JSON.parse(reply!).error).toContain("127.0.0.1");
  await both;
  expect(Object.keys((await other.value("robot.get_observation()")) as object)).toHaveLength(6);
  await one.value("robot.disconnect()");
});

test("a target that is late, or of another time, is not acted upon", async () => {
  await using peer = new ZmqPeer();
  await peer.connect("requests", { kind: "req", to: `tcp://${host.address}:5558` });
  const before = await encoders(arms.sim, "follower");
  for (const seen of [nowUs() - 600_000, nowUs() + 60e6]) {
    const request = { v: 1, do: "drive", number: 1, target: [30, 0, 0, 0, 0, 0], seen };
    await peer.send("requests", [JSON.stringify(request)]);
    const [reply] = (await peer.receive("requests", 5_000))!;
    expect(JSON.parse(reply!)).toMatchObject({ v: 1, ok: true, number: 1, drive: "late" });
  }
  expect(Math.abs((await encoders(arms.sim, "follower"))[0]! - before[0]!)).toBeLessThan(12);
});

test("rubbish and floods are answered with what is wrong, or not at all, and move nothing", async () => {
  await using peer = new ZmqPeer();
  const before = await encoders(arms.sim, "follower");
  await peer.connect("rubbish", { kind: "dealer", to: `tcp://127.0.0.4:0;${host.address}:5558` });
  const reply = async () => JSON.parse((await peer.receive("rubbish", 5_000))!.at(-1)!);
  for (const parts of [["", "{"], [""], ["", "", "", "x", "\0\xff"], Array.from({ length: 20 }, () => "x")]) {
    await peer.send("rubbish", parts);
    expect(await reply()).toMatchObject({ v: 1, ok: false, number: 0 });
  }
  await peer.send("rubbish", ["", JSON.stringify({ v: 3, do: "drive", number: 9 })]);
  expect((await reply()).error).toContain("this plugin speaks version 3 of its wire");
  // Who sends more than a request is cut off.
  await peer.send("rubbish", ["", "x".repeat(5_000)]);
  await peer.send("rubbish", ["", '{"v":1,"do":"torque","number":4}'], 5_000);
  await peer.connect("asking", { kind: "req", to: `tcp://127.0.0.5:0;${host.address}:5558` });
  await peer.send("asking", [JSON.stringify({ v: 1, do: "hello", number: 2, plugin: "", lerobot: "0.6.2" })]);
  expect(JSON.parse((await peer.receive("asking", 10_000))![0]!)).toMatchObject({
    ...{ ok: true, number: 2, units: "degrees", warnings: [], rateHz: 200 },
  });
  expect(Math.abs((await encoders(arms.sim, "follower"))[0]! - before[0]!)).toBeLessThan(12);
});

test("a pause ends the drive with its reason, and nothing drives again by itself", async () => {
  await using peer = new ZmqPeer();
  await peer.connect("requests", { kind: "req", to: `tcp://127.0.0.3:0;${host.address}:5558` });
  const ask = async (request: object) => {
    await peer.send("requests", [JSON.stringify({ v: 1, number: 1, seen: nowUs(), ...request })]);
    const [reply] = (await peer.receive("requests", 5_000))!;
    return JSON.parse(reply!);
  };
  const drive = () => ask({ do: "drive", target: [10, 0, 0, 0, 0, 20] });
  let reply = await drive();
  while (reply.drive === "holding") reply = await drive();
  expect(reply).toMatchObject({ ok: true, drive: "driving" });
  await askService([socket], { do: "pause" });
  while (reply.ok) reply = await drive();
  expect(reply.error).toStartWith("127.0.0.3 drives the follower no more: somebody has paused the pair ");
  await askService([socket], { do: "resume" });
  await untilStatus(({ state }) => state === "following");
  expect(await drive()).toEqual(reply);
  const hello = { do: "hello", plugin: "", lerobot: "" };
  // Who only looks how the pair is has not begun anew.
  expect(await ask({ ...hello, again: true })).toMatchObject({ ok: true, state: "following" });
  expect(await drive()).toEqual(reply);
  // Begun anew, it is for the service to say.
  expect(await ask(hello)).toMatchObject({ ok: true, units: "degrees" });
  expect((await drive()).error).toContain("127.0.0.3 (so101_remote)");
  expect((await status())?.driver?.source).toBe("local leader");
});

test("who moves the leader takes the follower over, and the program is told", async () => {
  await using session = await driver();
  await session.value('drive({"wrist_flex.pos": 5})');
  await arms.sim.client.request({ do: "motion", play: "wave" });
  const { error } = await session.run('drive({"wrist_flex.pos": 1}, near=0)');
  expect(error).toStartWith("RuntimeError:");
  expect(error).toContain("127.0.0.1 drives the follower no more: somebody moves the leader");
  // It is not asked again, whatever the program does.
  expect((await session.run("robot.send_action(robot.get_observation())")).error).toBe(error);
  await untilStatus(({ driver: by }) => by?.source === "local leader");
});
