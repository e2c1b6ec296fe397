import { afterAll, beforeAll, expect, setDefaultTimeout } from "bun:test";
import { join } from "node:path";
import { askService, sampleService } from "../../../src/api/client.ts";
import type { ApiSample } from "../../../src/api/protocol.ts";
import { JOINTS, type Role } from "../../../src/arm/joints.ts";
import { SAMPLE_PORT } from "../../../src/lerobot/plugin/wire.ts";
import { ZmqContext } from "../../../src/lerobot/zmq/context.ts";
import { LEROBOT_SESSION, LerobotSession } from "../../support/lerobot-session.ts";
import { needing } from "../../support/needs.ts";
import { PluginHostOfTests } from "../../support/plugin-host.ts";
import { fileOf } from "../../support/simulated-arms.ts";
import { RunningTeleoperation } from "../../support/teleoperation.ts";
import { ZmqPeer } from "../../support/zmq-peer.ts";

const { test } = needing(...LEROBOT_SESSION);
setDefaultTimeout(60_000);

let arms: RunningTeleoperation;
let socket: string;

beforeAll(async () => {
  arms = await RunningTeleoperation.start();
  socket = join(arms.sim.dir, "control.sock");
  await arms.untilState("following");
});
afterAll(() => arms[Symbol.asyncDispose]());

/** Positions in percent of the calibrated range, by LeRobot's formula and the calibration file. */
async function percentOf(role: Role): Promise<(steps: readonly (number | null)[]) => number[]> {
  const calibration = await Bun.file(fileOf(arms.sim, role)).json();
  return (steps) =>
    JOINTS.map((joint, index) => {
      const { range_min: min, range_max: max } = calibration[joint];
      const share = (Math.min(max, Math.max(min, steps[index]!)) - min) / (max - min);
      return joint === "gripper" ? share * 100 : share * 200 - 100;
    });
}

test("a recording in shadow mode has action and observation of one sample, and moves nothing", async () => {
  await using session = await LerobotSession.start();
  await using host = new PluginHostOfTests(socket);
  const ending = new AbortController();
  const samples: ApiSample[] = [];
  const collecting = (async () => {
    const all = sampleService([socket], 2, ending.signal);
    for await (const sample of all) samples.push(sample);
  })().catch(() => {});
  // As lerobot-record does it: the robot is made first, and the leader connected first.
  await session.value(`robot = make_robot(remote_ip="${host.address}")`);
  await session.value("leader = make_leader()");
  await session.value("leader.connect()");
  await session.value("robot.connect()");
  expect(await session.value("(robot.is_connected, leader.is_connected, robot.is_calibrated)")).toEqual([
    true,
    true,
    true,
  ]);
  const frames: [Record<string, number>, Record<string, number>][] = [];
  const said: string[] = [];
  for (let frame = 0; frame < 40; frame++) {
    await session.value("observation = robot.get_observation()");
    await session.value("action = leader.get_action()");
    const sent = await session.run("robot.send_action({key: 0.0 for key in action})");
    expect(sent.error).toBeNull();
    said.push(...sent.said);
    frames.push((await session.value("(action, observation)")) as (typeof frames)[number]);
  }
  const left = await session.run("robot.disconnect(); leader.disconnect()");
  expect(left.error).toBeNull();
  ending.abort();
  await collecting;

  const of = { leader: await percentOf("leader"), follower: await percentOf("follower") };
  const known = new Set(samples.map((s) => JSON.stringify([of.leader(s.leader), of.follower(s.follower)])));
  for (const [action, observation] of frames) {
    const keys = JOINTS.map((joint) => `${joint}.pos`);
    expect(Object.keys(action)).toEqual(keys);
    expect(Object.keys(observation)).toEqual(keys);
    expect(known).toContain(JSON.stringify([Object.values(action), Object.values(observation)]));
  }
  // Each frame is of a sample of its own; of two the positions may be the same.
  expect(new Set(frames.map((frame) => JSON.stringify(frame))).size).toBeGreaterThan(frames.length / 2);
  expect(said.filter((line) => line.includes("send_action moves nothing"))).toHaveLength(1);
});

test("who listens to all is sent all, also after one has gone that wanted to hear of hundreds of things", async () => {
  await using host = new PluginHostOfTests(socket);
  await using odd = new ZmqPeer();
  await using listener = new ZmqPeer();
  const to = `tcp://${host.address}:${SAMPLE_PORT}`;
  await odd.connect("wants", { kind: "xsub", to });
  for (let count = 0; count < 200; count++) await odd.send("wants", [`\x01{"v":1${count}`]);
  await odd.send("wants", ['\x01{"v":1']);
  await odd.connect("hears", { kind: "sub", to });
  expect(await odd.receive("hears")).not.toBeNull();
  await odd.close("hears");
  await listener.connect("all", { kind: "sub", to });
  expect(await listener.receive("all")).not.toBeNull();
  await odd.close("wants");
  for (let count = 0; count < 300; count++) expect(await listener.receive("all")).not.toBeNull();
});

test("a Pi that is not there is an error that says what to check", async () => {
  await using session = await LerobotSession.start();
  await session.value('robot = make_robot(remote_ip="127.0.0.93", timeout_s=0.5)');
  const { error } = await session.run("robot.connect()");
  expect(error).toStartWith("DeviceNotConnectedError: No answer from 127.0.0.93, ports 5557 and 5558.");
  expect(error).toContain("ping 127.0.0.93");
  expect(error).toContain("so101-lerobot");
  expect(error).toContain("[lerobot]");
  expect(await session.value("robot.is_connected")).toBe(false);
  const { error: next } = await session.run("robot.get_observation()");
  expect(next).toContain("is not connected");
});

test("a Pi that goes and comes back is observed again, by the same connection", async () => {
  await using session = await LerobotSession.start();
  const first = new PluginHostOfTests(socket);
  await session.value(`robot = make_robot(remote_ip="${first.address}", timeout_s=1)`);
  await session.value("robot.connect()");
  expect((await session.run("robot.connect()")).error).toStartWith("DeviceAlreadyConnectedError: ");
  await session.value("robot.get_observation()");
  await first[Symbol.asyncDispose]();
  const gone = await session.run("[robot.get_observation() for _ in range(2)]");
  expect(gone.error).toContain(`No answer from ${first.address}`);
  await using _second = new PluginHostOfTests(socket, first.address);
  let back = await session.run("robot.get_observation()");
  while (back.error !== null) back = await session.run("robot.get_observation()");
  expect(Object.keys(back.value as object)).toHaveLength(6);
  expect(await session.value("robot.is_connected")).toBe(true);
});

test("what the arms' own service does not give is told in its words", async () => {
  await using session = await LerobotSession.start();
  await using host = new PluginHostOfTests(join(arms.sim.dir, "nobody.sock"));
  await session.value(`robot = make_robot(remote_ip="${host.address}", timeout_s=1)`);
  expect((await session.run("robot.connect()")).error).toContain(`RuntimeError: ${host.address}: ApiError`);
});

test("arms without power are told for what they are, and are there again with it", async () => {
  await using session = await LerobotSession.start();
  await using host = new PluginHostOfTests(socket);
  await session.value(`robot = make_robot(remote_ip="${host.address}", timeout_s=1)`);
  await session.value("leader = make_leader()");
  await session.value("robot.connect(); leader.connect()");
  await session.value("robot.get_observation(); leader.get_action()");
  const from = arms.events.length;
  await arms.sim.client.request({ do: "power", arm: "leader", on: false });
  await arms.untilState("waiting", from);
  let away = await session.run("robot.get_observation(), leader.get_action()");
  while (away.error === null) away = await session.run("robot.get_observation(), leader.get_action()");
  expect(away.error).toContain(`DeviceNotConnectedError: The arms at ${host.address} give no positions: `);
  expect(away.error).toContain("leader");
  await arms.sim.client.request({ do: "power", arm: "leader", on: true });
  await arms.untilState("following", from);
  while (away.error !== null) away = await session.run("robot.get_observation(), leader.get_action()");
});

test("a leader alone must be told which Pi's it is; beside a robot it is that one's", async () => {
  await using session = await LerobotSession.start();
  await session.value("leader = make_leader()");
  expect((await session.run("leader.connect()")).error).toContain("--teleop.remote_ip=HOST");
  await using host = new PluginHostOfTests(socket);
  await session.value(`lone = make_leader(remote_ip="${host.address}")`);
  await session.value("lone.connect()");
  expect(Object.keys((await session.value("lone.get_action()")) as object)).toHaveLength(6);
});

test("a Pi is reached by its IPv6 address, also as a URL has it", async () => {
  await using session = await LerobotSession.start();
  const port = 20_000 + 2 * (process.pid % 1_000);
  await using _host = new PluginHostOfTests(socket, "::1", port);
  for (const address of ["::1", "[::1]", "0:0:0:0:0:0:0:1"]) {
    await session.value(`robot = make_robot(remote_ip="${address}", port=${port}); leader = make_leader()`);
    await session.value("leader.connect(); robot.connect()");
    expect(Object.keys((await session.value("robot.get_observation()")) as object)).toHaveLength(6);
    await session.value("leader.disconnect(); robot.disconnect()");
  }
});

test("two workstations watch at once", async () => {
  await using host = new PluginHostOfTests(socket);
  await using one = await LerobotSession.start();
  await using other = await LerobotSession.start();
  for (const session of [one, other]) {
    await session.value(`robot = make_robot(remote_ip="${host.address}")`);
    await session.value("robot.connect()");
  }
  for (const session of [one, other, one]) {
    expect(Object.keys((await session.value("robot.get_observation()")) as object)).toHaveLength(6);
  }
});

test("units that LeRobot does not have are warned of, once, and can be asked for", async () => {
  await using host = new PluginHostOfTests(socket);
  for (const [version, warnings] of [
    ["0.6.2", 1],
    ["0.4.3", 0],
  ] as const) {
    await using session = await LerobotSession.start(version);
    await session.value(`robot = make_robot(remote_ip="${host.address}")`);
    await session.value("leader = make_leader()");
    const { said } = await session.run("leader.connect(); robot.connect()");
    const warned = said.filter((line) => line.startsWith("WARNING") && line.includes("normalisation"));
    expect(warned).toHaveLength(warnings);
    expect(await session.value("(robot.units, leader.units, robot.robot_type, leader.name)")).toEqual([
      "range",
      "range",
      "so_follower",
      "so_leader",
    ]);
  }
});

test("a Pi and a plugin of two versions of the wire say so, both ways", async () => {
  const context = new ZmqContext(() => true);
  try {
    const router = context.socket({ kind: "router", longestBytes: 4_096 }, (messages) => {
      for (const { frames } of messages) {
        const answer = { v: 2, anything: "else" };
        router.send(...frames.slice(0, -1), Buffer.from(JSON.stringify(answer)));
      }
    });
    router.bind("tcp://127.0.0.94:5558");
    await using session = await LerobotSession.start();
    await session.value('robot = make_robot(remote_ip="127.0.0.94")');
    const { error } = await session.run("robot.connect()");
    expect(error).toContain("127.0.0.94 speaks version 2 of this plugin's wire, and the plugin version 1");
    expect(error).toContain("/usr/share/so101-teleop/lerobot_robot_so101_remote-");
    // The plugin of another version, at a Pi of this one.
    await using host = new PluginHostOfTests(socket);
    await session.value("from lerobot_robot_so101_remote import connection");
    await session.value("connection.WIRE = 2");
    await session.value(`other = make_robot(remote_ip="${host.address}")`);
    expect((await session.run("other.connect()")).error).toContain("speaks version 1 of this plugin's wire");
  } finally {
    await context.close();
  }
});

test("cameras of the workstation are among the features, and read with each observation", async () => {
  await using session = await LerobotSession.start();
  await using host = new PluginHostOfTests(socket);
  await session.value(`
class Camera:
    height, width, is_connected = 480, 640, False
    make = lambda self: self
    async_read = lambda self: "picture"
    def connect(self): self.is_connected = True
    def disconnect(self): self.is_connected = False
class NewerCamera(Camera):
    read_latest = lambda self: "newest"
`);
  await session.value(
    `robot = make_robot(remote_ip="${host.address}", cameras={"front": Camera(), "wrist": NewerCamera()})`,
  );
  const features = (await session.value("robot.observation_features")) as object;
  expect(features).toMatchObject({ front: [480, 640, 3], wrist: [480, 640, 3] });
  expect(Object.keys(features)).toHaveLength(8);
  expect(Object.keys((await session.value("robot.action_features")) as object)).toHaveLength(6);
  await session.value("robot.connect()");
  expect(await session.value("robot.get_observation()")).toMatchObject({ front: "picture", wrist: "newest" });
  await session.value("robot.disconnect()");
  expect(await session.value("[camera.is_connected for camera in robot.cameras.values()]")).toEqual([
    false,
    false,
  ]);
});

test("a camera that cannot be opened is told as it is, and leaves nothing open", async () => {
  await using session = await LerobotSession.start();
  await using host = new PluginHostOfTests(socket);
  await session.value(`
class Camera:
    height, width, is_connected, is_broken = 480, 640, False, False
    make = lambda self: self
    read_latest = async_read = lambda self: "picture"
    def connect(self):
        if self.is_broken: raise ConnectionError("no such camera")
        self.is_connected = True
    def disconnect(self):
        if not self.is_connected: raise RuntimeError("not connected")
        self.is_connected = False
cameras = {"front": Camera(), "top": Camera(), "wrist": Camera()}
cameras["top"].is_broken = True
robot = make_robot(remote_ip="${host.address}", cameras=cameras)`);
  expect((await session.run("robot.connect()")).error).toBe("ConnectionError: no such camera");
  expect(await session.value("robot.is_connected")).toBe(false);
  expect(await session.value("[camera.is_connected for camera in cameras.values()]")).toEqual([
    false,
    false,
    false,
  ]);
  await session.value('cameras["top"].is_broken = False');
  await session.value("robot.connect()");
  expect(await session.value("robot.get_observation()")).toMatchObject({ top: "picture" });
});

test("a camera's depth is a feature of its own, as LeRobot's own robots have it", async () => {
  await using session = await LerobotSession.start();
  await using host = new PluginHostOfTests(socket);
  await session.value(`
class Camera:
    height, width, is_connected, use_depth = 480, 640, True, True
    make = lambda self: self
    read_latest = async_read = lambda self: "picture"
    read_latest_depth = lambda self: "depth"
    connect = disconnect = lambda self: None
class DepthCamera(Camera):
    use_rgb = False
robot = make_robot(remote_ip="${host.address}", cameras={"front": Camera(), "top": DepthCamera()})`);
  const images = { front: [480, 640, 3], front_depth: [480, 640, 1], top_depth: [480, 640, 1] };
  const features = (await session.value("robot.observation_features")) as object;
  expect(features).toMatchObject(images);
  await session.value("robot.connect()");
  const observation = (await session.value("robot.get_observation()")) as object;
  expect(observation).toMatchObject({ front: "picture", front_depth: "depth", top_depth: "depth" });
  expect(Object.keys(observation)).toEqual(Object.keys(features));
});

test("a robot that is made anew for another Pi is the one whose leader is meant", async () => {
  await using session = await LerobotSession.start();
  await using host = new PluginHostOfTests(socket);
  await session.value('mistaken = make_robot(remote_ip="127.0.0.2", timeout_s=0.1)');
  expect((await session.run("mistaken.connect()")).error).toContain("No answer from 127.0.0.2");
  await session.value('robot = make_robot(remote_ip="127.0.0.3")');
  await session.value(`robot = make_robot(remote_ip="${host.address}", timeout_s=2)`);
  await session.value("leader = make_leader(); leader.connect(); robot.connect()");
  expect(Object.keys((await session.value("leader.get_action()")) as object)).toHaveLength(6);
  expect(await session.value("leader.disconnect(); robot.disconnect()")).toBeNull();
  await session.value(`robot = make_robot(remote_ip="${host.address}", timeout_s=1)`);
  await session.value("robot.connect()");
  expect(await session.value("robot._connection.timeout_s")).toBe(1);
});

test("a pause is told with its reason and what to do, once", async () => {
  await using session = await LerobotSession.start();
  await using host = new PluginHostOfTests(socket);
  await session.value(`robot = make_robot(remote_ip="${host.address}")`);
  await session.value("leader = make_leader(); leader.connect(); robot.connect()");
  const said: string[] = [];
  const observe = async () => said.push(...(await session.run("robot.get_observation()")).said);
  await observe();
  await askService([socket], { do: "pause" });
  const isPaused = (line: string) =>
    /^WARNING: The follower at .* is holding: .*paused.*so101 resume/.test(line);
  while (!said.some(isPaused)) await observe();
  for (let frame = 0; frame < 20; frame++) await observe();
  expect(said.filter(isPaused)).toHaveLength(1);
  await askService([socket], { do: "resume" });
  while (!said.at(-1)?.startsWith("INFO: The follower at")) await observe();
  expect(said.at(-1)).toContain(" is following: ");
});

test("what cannot be meant on the command line is refused", async () => {
  await using session = await LerobotSession.start();
  const { error } = await session.run('make_robot(remote_ip="pi", shadow="sometimes")');
  expect(error).toBe("ValueError: --robot.shadow is auto, true or false, and not 'sometimes'.");
  expect(await session.value('make_robot(remote_ip="pi", shadow="True")._shadow')).toBe("true");
  for (const [option, value] of [
    ["port", "0"],
    ["port", "65535"],
    ["timeout_s", "1e9"],
    ["timeout_s", "0"],
    ["timeout_s", "float('nan')"],
  ] as const) {
    const refused = await session.run(`make_robot(remote_ip="pi", ${option}=${value})`);
    expect(refused.error).toMatch(new RegExp(`^ValueError: ${option} is `));
  }
  for (const address of ["", "[]", "127.0.0.1:5557", "tcp://127.0.0.1", "http://pi.local/"]) {
    const refused = await session.run(`make_robot(remote_ip="${address}")`);
    expect(refused.error).toStartWith("ValueError: remote_ip is the Pi's name or address alone, and not ");
  }
  const nowhere = await session.run('make_robot(remote_ip="no such host").connect()');
  expect(nowhere.error).toStartWith("ValueError: no such host, port 5557, can be no Pi: ");
  const unknown = await session.run('make_robot(remote_ip="nobody.invalid", timeout_s=0.3).connect()');
  expect(unknown.error).toStartWith("DeviceNotConnectedError: No answer from nobody.invalid");
});
