import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Calibration, JointCalibration } from "../../../src/arm/calibration/calibration.ts";
import {
  denormalise,
  goalTable,
  type NormalisationMode,
  normalise,
} from "../../../src/arm/calibration/normalisation.ts";
import { JOINTS } from "../../../src/arm/joints.ts";
import { type Degrees, type Percent, percent, steps } from "../../../src/feetech/units.ts";
import fixture from "../../fixtures/lerobot-mapping.json";

for (const [number, { mode: modeName, leader, follower, rows }] of fixture.cases.entries()) {
  const mode = modeName as NormalisationMode;

  test(`case ${number} (${mode}): every normalised value and goal is the one that LeRobot computed`, () => {
    expect(rows.length).toBeGreaterThan(100);
    for (const row of rows) {
      const normalised = JOINTS.map((joint, i) =>
        normalise(steps(row.raw[i]!), (leader as Calibration)[joint], joint, mode),
      );
      expect(normalised.every((value, i) => value === row.normalized[i])).toBe(true);
      const goals = JOINTS.map((joint, i) =>
        denormalise(row.normalized[i]! as Percent | Degrees, (follower as Calibration)[joint], joint, mode),
      );
      expect<number[]>(goals).toEqual(row.goal);
    }
  });

  test(`case ${number} (${mode}): the goal tables hold LeRobot's goals`, () => {
    const tables = JOINTS.map((joint) =>
      goalTable(leader as Calibration, follower as Calibration, joint, mode),
    );
    for (const { raw, goal } of rows) expect(tables.map((table, i) => table[raw[i]!])).toEqual(goal);
  });
}

const joint = fc.constantFrom(...JOINTS);
const mode = fc.constantFrom<NormalisationMode>("range", "degrees");
const raw = fc.integer({ min: 0, max: 4095 }).map(steps);
const calibration: fc.Arbitrary<JointCalibration> = fc
  .tuple(fc.integer({ min: 0, max: 4094 }), fc.integer({ min: 1, max: 4095 }), fc.constantFrom<0 | 1>(0, 1))
  .map(([a, length, drive_mode]) => ({
    id: 1,
    drive_mode,
    homing_offset: steps(0),
    range_min: steps(a),
    range_max: steps(Math.min(4095, a + length)),
  }));

test("in range mode, whatever the leader's position, the goal lies in the follower's calibrated range", () => {
  fc.assert(
    fc.property(
      joint,
      calibration,
      calibration,
      fc.integer({ min: -32767, max: 32767 }).map(steps),
      (name, from, to, at) => {
        const goal = denormalise(normalise(at, from, name, "range"), to, name, "range");
        expect(goal).toBeWithin(to.range_min, to.range_max + 1);
      },
    ),
  );
});

test("between equal calibrations a position within the range comes back, to the step that truncation may take", () => {
  fc.assert(
    fc.property(
      joint,
      mode,
      calibration,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (name, how, same, part) => {
        const at = steps(Math.round(same.range_min + part * (same.range_max - same.range_min)));
        const back = denormalise(normalise(at, same, name, how), same, name, how);
        expect(Math.abs(at - back)).toBeLessThanOrEqual(1);
      },
    ),
  );
});

test("the goal table is the mapping of each raw position, and fits its 16 bits in both modes", () => {
  fc.assert(
    fc.property(joint, mode, calibration, calibration, raw, (name, how, from, to, at) => {
      const arm = (one: JointCalibration) =>
        Object.fromEntries(JOINTS.map((key) => [key, one])) as Calibration;
      const table = goalTable(arm(from), arm(to), name, how);
      expect(table).toHaveLength(4096);
      expect(table[at]).toBe(denormalise(normalise(at, from, name, how), to, name, how));
    }),
    { numRuns: 50 },
  );
});

test("in range mode the goal never turns back while the leader moves on, and drive_mode turns it round", () => {
  fc.assert(
    fc.property(joint, calibration, calibration, raw, raw, (name, from, to, a, b) => {
      const goal = (at: number) => denormalise(normalise(steps(at), from, name, "range"), to, name, "range");
      const [low, high] = [goal(Math.min(a, b)), goal(Math.max(a, b))];
      if (from.drive_mode === to.drive_mode) expect(low).toBeLessThanOrEqual(high);
      else expect(low).toBeGreaterThanOrEqual(high);
    }),
  );
});

test("in degrees mode drive_mode counts for the gripper only", () => {
  const upright: JointCalibration = {
    id: 1,
    drive_mode: 0,
    homing_offset: steps(0),
    range_min: steps(1000),
    range_max: steps(3000),
  };
  const inverted: JointCalibration = { ...upright, drive_mode: 1 };
  expect(normalise(steps(1500), inverted, "elbow_flex", "degrees")).toBe(
    normalise(steps(1500), upright, "elbow_flex", "degrees"),
  );
  expect(normalise(steps(1500), upright, "gripper", "degrees")).toBe(percent(25));
  expect(normalise(steps(1500), inverted, "gripper", "degrees")).toBe(percent(75));
});
