import { afterAll, beforeAll, expect } from "bun:test";
import { join } from "node:path";
import { sampleService } from "../../../src/api/client.ts";
import type { ApiSample } from "../../../src/api/protocol.ts";
import { JOINTS, type Role } from "../../../src/arm/joints.ts";
import { LEROBOT_SESSION, LerobotSession } from "../../support/lerobot-session.ts";
import { needing } from "../../support/needs.ts";
import { PluginHostOfTests } from "../../support/plugin-host.ts";
import { fileOf } from "../../support/simulated-arms.ts";
import { RunningTeleoperation } from "../../support/teleoperation.ts";

const { test } = needing(...LEROBOT_SESSION);

let arms: RunningTeleoperation;
let host: PluginHostOfTests;
let session: LerobotSession;

beforeAll(async () => {
  arms = await RunningTeleoperation.start();
  host = new PluginHostOfTests(join(arms.sim.dir, "control.sock"));
  session = await LerobotSession.start();
  await arms.untilState("following");
});
afterAll(async () => {
  await session?.[Symbol.asyncDispose]();
  await host?.[Symbol.asyncDispose]();
  await arms?.[Symbol.asyncDispose]();
});

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
  const ending = new AbortController();
  const samples: ApiSample[] = [];
  const collecting = (async () => {
    const all = sampleService([join(arms.sim.dir, "control.sock")], 2, ending.signal);
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
  expect(new Set(frames.map((frame) => JSON.stringify(frame))).size).toBe(frames.length);
  expect(said.filter((line) => line.includes("send_action moves nothing"))).toHaveLength(1);
}, 60_000);
