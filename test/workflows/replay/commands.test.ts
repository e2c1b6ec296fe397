import { expect, test } from "bun:test";
import type { Calibration } from "../../../src/arm/calibration/calibration.ts";
import type { NormalisationMode } from "../../../src/arm/calibration/normalisation.ts";
import { JOINTS } from "../../../src/arm/joints.ts";
import { commandsOf, misfitOf } from "../../../src/workflows/replay/commands.ts";
import fixture from "../../fixtures/lerobot-mapping.json";

const follower = fixture.cases[0]!.follower as Calibration;
const inverted = {
  ...follower,
  elbow_flex: { ...follower.elbow_flex, drive_mode: 1 },
  gripper: { ...follower.gripper, drive_mode: 1 },
} as Calibration;

/** A frame in which all joints are at 0 but these. */
const frame = (values: Partial<Record<(typeof JOINTS)[number], number>>) =>
  JOINTS.map((joint) => values[joint] ?? 0);

for (const [number, { mode, follower: arm, rows }] of fixture.cases.entries()) {
  test(`case ${number} (${mode}): what LeRobot sends for each frame is sent, within the calibrated range`, () => {
    const units = mode as NormalisationMode;
    const calibration = arm as Calibration;
    const actions = rows.flatMap(({ normalized }) => normalized);
    const { positions, frames } = commandsOf(actions, units, calibration);
    expect(frames).toBe(rows.length);
    const within = (goal: number, index: number) => {
      const { range_min, range_max } = calibration[JOINTS[index]!];
      return Math.min(Math.max(goal, range_min), range_max);
    };
    expect([...positions]).toEqual(rows.flatMap(({ goal }) => goal.map(within)));
  });
}

test("a value as a dataset keeps it, a float of 32 bits, is truncated toward zero as LeRobot does", () => {
  // 32-bit: 33.29999923706055; elbow_flex of 697 to 2864: ((33.29999923706055 + 100) / 200) * 2167 + 697 = 2141.305…
  const actions = Float32Array.from(frame({ elbow_flex: 33.3, gripper: 50 }));
  const { positions } = commandsOf(actions, "range", follower);
  expect([positions[2], positions[5]]).toEqual([2141, 1939]);
});

test("an inverted joint goes the other way in the units of the range, and in degrees it does not", () => {
  const actions = frame({ elbow_flex: 50, gripper: 25 });
  const range = commandsOf(actions, "range", inverted).positions;
  // ((-50 + 100) / 200) * (2864 - 697) + 697; 75 % of 696 to 3183.
  expect([range[2], range[5]]).toEqual([1238, 2561]);
  const inDegrees = commandsOf(actions, "degrees", inverted).positions;
  // 50 * 4095 / 360 + (697 + 2864) / 2; the gripper is a share of its range in both.
  expect([inDegrees[2], inDegrees[5]]).toEqual([2349, 2561]);
});

test("where the calibration does not let a joint go there, it is told how often and how far", () => {
  const far = frame({ shoulder_pan: 120, gripper: 100 });
  const near = frame({ shoulder_pan: 60, gripper: 100 });
  const { positions, unreachable } = commandsOf([...far, ...near, ...far], "degrees", follower);
  // The middle of 717 to 3036, and 120 degrees: 1876.5 + 1365 = 3241.
  expect(unreachable).toEqual([{ joint: "shoulder_pan", frames: 2, beyond: 205 as never }]);
  expect([positions[0], positions[6]]).toEqual([3036, 2559]);
  expect(commandsOf(near, "range", follower).unreachable).toEqual([]);
  // 4 % of 200 % of the 2319 steps.
  expect(commandsOf(frame({ shoulder_pan: -104 }), "range", follower).unreachable).toEqual([
    { joint: "shoulder_pan", frames: 1, beyond: 47 as never },
  ]);
});

test.each<[string, NormalisationMode, number[], ReturnType<typeof misfitOf>]>([
  ["the ends of the range", "range", frame({ wrist_flex: -100, gripper: 100 }), undefined],
  ["what a policy overshoots by", "range", frame({ wrist_flex: 103.5 }), undefined],
  ["degrees", "range", frame({ wrist_flex: -118 }), { frame: 0, joint: "wrist_flex", value: -118 }],
  ["degrees", "degrees", frame({ wrist_flex: -118 }), undefined],
  [
    "a gripper below its range",
    "degrees",
    frame({ gripper: -40 }),
    { frame: 0, joint: "gripper", value: -40 },
  ],
  ["steps", "degrees", frame({ elbow_flex: 2048 }), { frame: 0, joint: "elbow_flex", value: 2048 }],
  [
    "no number",
    "range",
    frame({ elbow_flex: Number.NaN }),
    { frame: 0, joint: "elbow_flex", value: Number.NaN },
  ],
  [
    "infinity in the second frame",
    "degrees",
    [...frame({}), ...frame({ shoulder_pan: Number.POSITIVE_INFINITY })],
    { frame: 1, joint: "shoulder_pan", value: Number.POSITIVE_INFINITY },
  ],
])("whether %s can be %s is known of the values", (_, units, actions, misfit) => {
  expect(misfitOf(actions, units)).toEqual(misfit);
});
