import { expect, test } from "bun:test";
import { stripVTControlCharacters } from "node:util";
import type { JointStatus, Status } from "../../../src/api/protocol.ts";
import { describeStatus } from "../../../src/cli/status/describe.ts";
import { aStatus } from "../../support/status.ts";

const now = new Date("2026-01-01T13:12:05.000Z");
const linesOf = (...args: Parameters<typeof describeStatus>) =>
  describeStatus(...args).map(stripVTControlCharacters);

test("it says first what the service does, since when, and why", () => {
  expect(linesOf(aStatus, { now })[0]).toBe(
    "following for 3 h 12 min: the follower has reached the leader's pose",
  );
  expect(linesOf({ ...aStatus, state: "holding", mode: "paused" }, { now })[0]).toStartWith(
    "holding (paused) for 3 h 12 min",
  );
});

test("its tables fit 80 columns, also with the widest figures", () => {
  const wide = {
    ...aStatus.arms.leader.joints.shoulder_pan,
    ...{ positionNormalised: -100.0, speedStepsPerS: -3400, loadPercent: -100, currentMa: 3250 },
    ...{ voltageV: 12.6, temperatureC: 100, misses: 9999 },
  };
  const arm = { ...aStatus.arms.leader, joints: { ...aStatus.arms.leader.joints, shoulder_lift: wide } };
  const lines = linesOf({ ...aStatus, arms: { ...aStatus.arms, leader: arm } }, { now });
  const rows = lines.filter((line) => /^(leader|follower|shoulder|elbow|wrist|gripper)/.test(line));
  expect(rows.length).toBe(16);
  for (const row of rows) expect(row.length).toBeLessThanOrEqual(80);
});

test("it says what is wrong now before all figures, and the last events with their codes", () => {
  const activeAlarms = [{ code: "SO101-E052 follower.servo.hot", message: "gripper is at 56 °C" }];
  const lines = linesOf({ ...aStatus, activeAlarms }, { now });
  expect(lines[1]).toBe("now: gripper is at 56 °C [SO101-E052 follower.servo.hot]");
  expect(lines.at(-1)).toEndWith(" [SO101-E004 pair.following]");
});

test("of what servos report only what is a trouble is said: a gripper that holds something is none", () => {
  const { joints } = aStatus.arms.follower;
  const reports = (joint: "gripper" | "elbow_flex", torqueOn: boolean) => {
    const reporting = { ...joints[joint], errors: ["overload"] as const, torqueOn };
    const follower = { ...aStatus.arms.follower, joints: { ...joints, [joint]: reporting } };
    return linesOf({ ...aStatus, arms: { ...aStatus.arms, follower } } as Status, { now })[1];
  };
  expect(reports("elbow_flex", true)).toBe("follower elbow_flex reports: overload");
  expect(reports("gripper", false)).toBe("follower gripper reports: overload");
  expect(reports("gripper", true)).toStartWith("pair ");
});

test("on a screen with little room the newest event comes first", () => {
  const [first] = aStatus.events;
  const events = [first!, { ...first!, message: "newest" }];
  const lines = linesOf({ ...aStatus, events }, { now, newest: "first" });
  expect(lines.at(-2)).toContain("newest");
});

test("what is not known is a dash", () => {
  const unknown = {
    ...aStatus.arms.leader.joints.gripper,
    positionSteps: null,
    temperatureC: null,
    torqueOn: null,
  };
  const arm = { ...aStatus.arms.leader, joints: { ...aStatus.arms.leader.joints, gripper: unknown } };
  const row = linesOf({ ...aStatus, arms: { ...aStatus.arms, leader: arm } }, { now }).find((line) =>
    line.startsWith("gripper"),
  );
  expect(row!.match(/–/g)).toHaveLength(3);
});

test("how long the replies of each arm take is said", () => {
  expect(linesOf(aStatus, { now })).toContain("port of the leader: replies in 1.1 ms (p50), 1.6 ms (p99)");
  const unheard = { ...aStatus.arms.leader, roundTripMs: { p50: null, p99: null } };
  const lines = linesOf({ ...aStatus, arms: { ...aStatus.arms, leader: unheard } }, { now });
  expect(lines).toContain("port of the leader: no reply yet");
});

test("a follower's joint that stands still beside its goal is told with its load, and is no disagreement", () => {
  const { follower } = aStatus.arms;
  const elbow = (of: Partial<JointStatus>): Status => ({
    ...aStatus,
    arms: {
      ...aStatus.arms,
      follower: {
        ...follower,
        joints: { ...follower.joints, elbow_flex: { ...follower.joints.elbow_flex, ...of } },
      },
    },
  });
  const behind = { positionSteps: 2048, goalSteps: 2095, speedStepsPerS: 0, loadPercent: -31.4 };
  expect(linesOf(elbow(behind))).toContain(
    "follower elbow_flex stays behind its goal by 4.1°, under a load of 31 %: that is no disagreement of the two arms",
  );
  for (const none of [
    { speedStepsPerS: 400 },
    { goalSteps: 2060 },
    { goalSteps: null },
    { torqueOn: false },
  ]) {
    expect(linesOf(elbow({ ...behind, ...none })).join("\n")).not.toContain("stays behind");
  }
});

test("what is recorded is said while somebody records", () => {
  const recording = {
    ...({ is: "recording", dataset: "/data/cubes\u001b[31m", task: "Grab the cube", fps: 30 } as const),
    ...{
      episode: 12,
      saved: 3,
      episodes: null,
      frames: 252,
      seconds: 8.4,
      lost: 2,
      remainingS: null,
      message: "",
    },
  };
  const said = (status: Status) => linesOf(status).find((line) => line.startsWith("recording"));
  expect(said({ ...aStatus, recording })).toBe(
    "recording into /data/cubes\\u001b[31m: episode 12, 8.4 s, 2 frames lost, 3 saved",
  );
  expect(said({ ...aStatus, recording: { ...recording, is: "ready", lost: 0, message: "paused" } })).toBe(
    "recording into /data/cubes\\u001b[31m: ready, 3 saved — paused",
  );
  expect(said(aStatus)).toBeUndefined();
});
