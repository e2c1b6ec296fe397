import { expect, test } from "bun:test";
import { stripVTControlCharacters } from "node:util";
import { JOINTS } from "../../../src/arm/joints.ts";
import { linesOf } from "../../../src/cli/operator/pictures.ts";
import { steps } from "../../../src/feetech/units.ts";
import type { Picture } from "../../../src/workflows/operator.ts";

const plain = (picture: Picture) => linesOf(picture).map(stripVTControlCharacters);

const setup: Picture = {
  kind: "setup",
  joints: JOINTS.toReversed().map((joint, index) => ({
    joint,
    state: index === 0 ? "done" : index === 1 ? "now" : "to do",
  })),
};

const sweep: Picture = {
  kind: "sweep",
  joints: [
    { joint: "shoulder_lift", min: steps(0), position: steps(4095), max: steps(4095), trouble: undefined },
    { joint: "elbow_flex", min: steps(2047), position: steps(2047), max: steps(2047), trouble: "too little" },
    {
      joint: "gripper",
      min: steps(-200),
      position: steps(-200),
      max: steps(4300),
      trouble: "passed the seam",
    },
  ],
};

test("servos that are set up are one line: what is done, what is next, what is left", () => {
  expect(plain(setup)).toEqual([
    "✓ gripper ▸ wrist_roll · wrist_flex · elbow_flex · shoulder_lift · shoulder_pan",
  ]);
});

test("a sweep is a table: each joint's range, where it is, and what it lacks", () => {
  const [head, ...rows] = plain(sweep);
  expect(head).toMatch(/min +now +max +0 … 4095/);
  expect(rows.map((row) => row.replace(/ +/g, " "))).toEqual([
    "shoulder_lift 0 4095 4095 ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━● moved",
    "elbow_flex 2047 2047 2047 ···············●················ move it",
    "gripper -200 -200 4300 ●━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ passed the seam",
  ]);
});

test("every picture fits 80 columns", () => {
  // The longest note is cut at the screen's edge, as every line that is too long.
  const rows = [...plain(setup), ...plain(sweep).filter((row) => !row.includes("seam"))];
  for (const row of rows) expect(row.length).toBeLessThanOrEqual(80);
});
