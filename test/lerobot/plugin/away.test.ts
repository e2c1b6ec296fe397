import { afterAll, beforeAll, expect } from "bun:test";
import { join } from "node:path";
import { ZmqContext } from "../../../src/lerobot/zmq/context.ts";
import { LEROBOT_SESSION, LerobotSession } from "../../support/lerobot-session.ts";
import { needing } from "../../support/needs.ts";
import { PluginHostOfTests } from "../../support/plugin-host.ts";
import { RunningTeleoperation } from "../../support/teleoperation.ts";

const { test } = needing(...LEROBOT_SESSION);

let arms: RunningTeleoperation;
let socket: string;

beforeAll(async () => {
  arms = await RunningTeleoperation.start();
  socket = join(arms.sim.dir, "control.sock");
  await arms.untilState("following");
});
afterAll(() => arms[Symbol.asyncDispose]());

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
}, 30_000);

test("a Pi that goes and comes back is observed again, by the same connection", async () => {
  await using session = await LerobotSession.start();
  const first = new PluginHostOfTests(socket);
  await session.value(`robot = make_robot(remote_ip="${first.address}", timeout_s=1)`);
  await session.value("robot.connect()");
  await session.value("robot.get_observation()");
  await first[Symbol.asyncDispose]();
  const gone = await session.run("[robot.get_observation() for _ in range(2)]");
  expect(gone.error).toContain(`No answer from ${first.address}`);
  await using _second = new PluginHostOfTests(socket, first.address);
  let back = await session.run("robot.get_observation()");
  while (back.error !== null) back = await session.run("robot.get_observation()");
  expect(Object.keys(back.value as object)).toHaveLength(6);
  expect(await session.value("robot.is_connected")).toBe(true);
}, 60_000);

test("what the arms' own service does not give is told in its words", async () => {
  await using session = await LerobotSession.start();
  await using host = new PluginHostOfTests(join(arms.sim.dir, "nobody.sock"));
  await session.value(`robot = make_robot(remote_ip="${host.address}", timeout_s=1)`);
  expect((await session.run("robot.connect()")).error).toContain(`RuntimeError: ${host.address}: ApiError`);
}, 30_000);

test("a leader alone must be told which Pi's it is; beside a robot it is that one's", async () => {
  await using session = await LerobotSession.start();
  await session.value("leader = make_leader()");
  expect((await session.run("leader.connect()")).error).toContain("--teleop.remote_ip=HOST");
  await using host = new PluginHostOfTests(socket);
  await session.value(`lone = make_leader(remote_ip="${host.address}")`);
  await session.value("lone.connect()");
  expect(Object.keys((await session.value("lone.get_action()")) as object)).toHaveLength(6);
}, 30_000);

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
}, 30_000);

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
}, 30_000);

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
}, 30_000);

test("what cannot be meant on the command line is refused", async () => {
  await using session = await LerobotSession.start();
  const { error } = await session.run('make_robot(remote_ip="pi", shadow="sometimes")');
  expect(error).toBe("ValueError: --robot.shadow is auto, true or false, and not 'sometimes'.");
  expect(await session.value('make_robot(remote_ip="pi", shadow="True")._shadow')).toBe("true");
}, 30_000);
