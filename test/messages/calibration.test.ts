import { expect, test } from "bun:test";
import { parseCalibration } from "../../src/arm/calibration/calibration.ts";
import { unreadable, unwritable } from "../../src/arm/calibration/error.ts";
import { JOINTS, type JointName } from "../../src/arm/joints.ts";
import type { ArmProblem } from "../../src/arm/problem.ts";
import { sayError, sayProblem } from "../../src/messages/problems.ts";

const arm = { role: "follower", id: "red" } as const;
const left = { pair: "left" };
const ways = [{ do: "calibrate" }, { do: "calibration import" }, { do: "calibration pull" }] as const;
const about = { code: "calibration.missing", arm, what: "there is no such file" } as const;

/** What is thrown, as a person reads it. */
const saidOf = (action: () => unknown, audience = {}): string => {
  try {
    action();
  } catch (error) {
    return sayError(error, audience);
  }
  throw new Error("nothing was thrown");
};

test("without a file it is said where it was looked for and how to get one", () => {
  const problem: ArmProblem = { ...about, kind: "missing", files: ["/a.json", "/b.json"], remedies: ways };
  expect(sayProblem(problem, {})).toBe(
    'follower "red": no calibration; looked for /a.json and /b.json — make one with "so101 calibrate follower", take ' +
      'LeRobot\'s with "so101 calibration import follower", or read the arm\'s own with "so101 calibration pull follower"',
  );
  expect(sayProblem(problem, left)).toMatch(
    /"so101 calibration import follower --pair left".*"so101 calibration pull follower --pair left"/,
  );
});

test("a file that was named and is not there", () => {
  const error = unreadable("/x.json", Object.assign(new Error("no"), { code: "ENOENT" }));
  expect(sayError(error, {})).toBe(
    "calibration /x.json: there is no such file — make one, take LeRobot's, or read the arm's own",
  );
});

test("what was replaced is offered again, with the command that takes it", () => {
  const problem: ArmProblem = {
    ...{ code: "calibration.missing", arm, kind: "invalid", what: "it cannot be a calibration: …" },
    files: ["/a b.json"],
    remedies: [
      { do: "import old", file: "/a b.json.old" },
      { do: "calibrate joint", joint: "gripper" },
    ],
  };
  expect(sayProblem(problem, left)).toBe(
    'follower "red": calibration /a b.json: it cannot be a calibration: … — take the one that it has replaced, ' +
      "which can be a calibration: \"so101 calibration import follower '/a b.json.old' --pair left\", or " +
      'calibrate gripper again with "so101 calibrate follower --joint gripper --pair left"',
  );
});

test("two files that differ, both by name", () => {
  const problem: ArmProblem = { ...about, kind: "ambiguous", files: ["/a.json", "/b.json"], remedies: [] };
  expect(sayProblem(problem, {})).toBe(
    'follower "red": two calibrations that differ, /a.json and /b.json — remove the one that is not this arm\'s',
  );
  expect(sayProblem({ ...problem, unusable: "/a.json" }, {})).toBe(
    'follower "red": two calibrations that differ, /b.json and /a.json, of which the latter cannot be a calibration — ' +
      "remove /a.json",
  );
});

for (const [what, text, expected] of [
  ["an empty file", "", 'the file is empty — restore the file, or read it back from the arm with "'],
  ["no JSON", "{", " — restore the file, or read it back from the arm with "],
  [
    "no calibration",
    "{}",
    ' — calibrate the arm again with "so101 calibrate follower --pair left", or read it back from the arm with "',
  ],
  ["the old format", '{"start_pos": []}', "today's LeRobot cannot use — calibrate the arm again"],
] as const) {
  test(`${what} is said with its cure`, () => {
    const said = saidOf(() => parseCalibration(text, "/x/red.json", arm), left);
    expect(said).toStartWith('follower "red": calibration /x/red.json: ');
    expect(said).toContain(expected);
    expect(saidOf(() => parseCalibration(text, "/x/red.json"))).toMatch(
      /^calibration \/x\/red\.json: .* — .*(calibrate the arm again|read it back from the arm)$/,
    );
  });
}

test("a file that its user may not read or write", () => {
  const denied = Object.assign(new Error("no"), { code: "EACCES" });
  expect(sayError(unreadable("/x.json", denied), {})).toBe(
    "calibration /x.json: you may not read it — join the group dialout and log in again, or use sudo",
  );
  expect(sayError(unwritable("/x.json", denied), {})).toBe(
    "calibration /x.json: you may not write it — join the group dialout and log in again, or use sudo; or name a " +
      "folder of your own with --calibration-dir",
  );
});

test("a disk that is full, and what has no cure of its own", () => {
  const full = Object.assign(new Error("no space left"), { code: "ENOSPC" });
  expect(sayError(unwritable("/x.json", full), {})).toContain("the disk is full — make room, then try again");
  const other = Object.assign(new Error("it burns"), { code: "EIO" });
  expect(sayError(unwritable("/x.json", other, "its folder cannot be made"), {})).toBe(
    "calibration /x.json: its folder cannot be made: the device or the disk failed",
  );
});

test("a servo that does not hold its file's calibration: both numbers and both cures", () => {
  const problem: ArmProblem = {
    code: "calibration.mismatch",
    arm: { role: "follower", id: "red_sting" },
    differences: [
      { joint: "elbow_flex", key: "homing_offset", held: -12, filed: -1684 },
      { joint: "elbow_flex", key: "range_max", held: 4095, filed: 2864 },
      { joint: "gripper", key: "range_min", held: 2, filed: 9 },
    ],
    file: "/x/red_sting.json",
    writtenAtMs: new Date(2026, 10, 20, 14, 2).getTime(),
    remedies: [{ do: "calibration pull" }, { do: "calibration apply" }],
  };
  expect(sayProblem(problem, {})).toBe(
    'follower "red_sting": its servos do not hold the calibration of its file (/x/red_sting.json of 2026-11-20 14:02): ' +
      "elbow_flex (id 3) homing_offset -12 in the servo and -1684 in the file, range_max 4095 in the servo and 2864 in " +
      "the file; gripper (id 6) range_min 2 in the servo and 9 in the file. Both can be a calibration, and the servos do " +
      "not hold the one before the file's: the arm was probably calibrated elsewhere after the file was written — " +
      'recommended: "so101 calibration pull follower" writes the arm into the file; otherwise ' +
      '"so101 calibration apply follower" writes the file into the arm',
  );
  expect(sayProblem(problem, left)).toContain('"so101 calibration apply follower --pair left" writes');
  const apply = [{ do: "calibration apply" }] as const;
  expect(sayProblem({ ...problem, servosCannot: "a placeholder", remedies: apply }, {})).toEndWith(
    "What the servos hold cannot be a calibration (a placeholder), and what the file says can — recommended: " +
      '"so101 calibration apply follower" writes the file into the arm',
  );
  expect(sayProblem({ ...problem, servosHold: "/x/red_sting.json.old" }, {})).toContain(
    "the servos hold that of /x/red_sting.json.old, which the file has replaced: the file is newer — ",
  );
});

test("a mismatch of many joints names them, and the table that has the figures", () => {
  const differ = (...joints: readonly JointName[]): ArmProblem => ({
    code: "calibration.mismatch",
    arm,
    differences: joints.map((joint) => ({ joint, key: "range_min", held: 2, filed: 9 })),
    remedies: [{ do: "calibration apply" }],
  });
  expect(sayProblem(differ("shoulder_pan", "elbow_flex", "gripper"), left)).toStartWith(
    'follower "red": its servos do not hold the calibration of its file: shoulder_pan (id 1), elbow_flex (id 3) and ' +
      'gripper (id 6) differ, as "so101 calibration show follower --pair left" shows. Both can be',
  );
  expect(sayProblem(differ(...JOINTS), {})).toContain(
    'of its file: all joints differ, as "so101 calibration show follower" shows. Both can be',
  );
});

test("a mismatch of one joint: its servo may be another one", () => {
  const problem: ArmProblem = {
    code: "calibration.mismatch",
    arm,
    differences: [{ joint: "gripper", key: "range_min", held: 2, filed: 9 }],
    remedies: [{ do: "calibration apply" }],
  };
  expect(sayProblem(problem, left)).toEndWith(
    'If the servo of gripper was replaced, run "so101 calibrate follower --joint gripper --pair left" instead',
  );
});

test("a calibration that was cut off: both ways out", () => {
  const unfinished = {
    code: "calibration.unfinished",
    arm,
    file: "/x/red.unfinished",
    remedies: [],
  } as const;
  expect(sayProblem({ ...unfinished, kind: "interrupted" }, left)).toBe(
    'follower "red": writing its calibration was interrupted, and its servos may hold parts of two — complete it with ' +
      '"so101 calibration finish follower --pair left", or go back to the one before with ' +
      '"so101 calibration undo follower --pair left"',
  );
  const unreadable = sayProblem({ ...unfinished, kind: "unreadable" }, {});
  expect(unreadable).toContain(
    "/x/red.unfinished, which says how to complete it, was left by another version of so101",
  );
  expect(unreadable).toEndWith('remove the file and run "so101 calibrate follower" again');
  expect(sayProblem({ ...unfinished, kind: "unreadable", because: "it burns" }, {})).toContain("it burns");
});

test("a calibration that failed and could not be undone: who has what", () => {
  const failed = {
    code: "calibration.unfinished",
    arm,
    kind: "not restored",
    file: "/x/red.unfinished",
    because: "no answer from gripper (id 6)",
    remedies: [],
  } as const;
  expect(sayProblem({ ...failed, joints: ["wrist_roll", "gripper"] }, {})).toBe(
    'follower "red": no answer from gripper (id 6) — and wrist_roll (id 5), gripper (id 6) of the follower "red" could ' +
      "not be given back what was there before: when the arm answers again, go back with " +
      '"so101 calibration undo follower", or complete it with "so101 calibration finish follower"',
  );
  expect(sayProblem(failed, {})).toContain("could not be given back to them");
});
