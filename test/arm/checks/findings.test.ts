import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Calibration } from "../../../src/arm/calibration/calibration.ts";
import { CalibrationError } from "../../../src/arm/calibration/error.ts";
import { findingsOf } from "../../../src/arm/checks/findings.ts";
import type { ArmState } from "../../../src/arm/checks/state.ts";
import { JOINTS, type JointName, type Role } from "../../../src/arm/joints.ts";
import {
  type ArmProblem,
  type CalibrationMissing,
  type CalibrationUnfinished,
  jointsOf,
} from "../../../src/arm/problem.ts";
import { ServoImage } from "../../../src/arm/servos/servo-image.ts";
import { steps, volts } from "../../../src/feetech/units.ts";
import { armImages, armState, calibrations, factoryImages, noFile, type Registers } from "../arms.ts";

/** A follower in order, but for registers of some joints. */
const followerWith = (values: { [joint in JointName]?: Registers }): ArmState =>
  armState("follower", { images: armImages("follower", calibrations.follower, values) });

const withoutJoints = (...joints: JointName[]): ArmState =>
  armState("follower", {
    images: armImages("follower", calibrations.follower).map((image, i) =>
      joints.includes(JOINTS[i]!) ? null : image,
    ),
  });

/** The pair as it answers when the two boards' ports are exchanged. */
const exchanged = (leader: ArmState, follower: ArmState) => ({
  leader: { ...leader, images: follower.images },
  follower: { ...follower, images: leader.images },
});

const LEADER = { role: "leader", id: "blue_wasp" } as const;
const FOLLOWER = { role: "follower", id: "red_sting" } as const;

const problem = (arm: ArmState): ArmProblem => {
  const findings = findingsOf(arm);
  expect(findings).toHaveLength(1);
  return findings[0]!.problem;
};

/** A calibration with the same range in every joint that was swept. */
const swept = (calibration: Calibration, min: number, max: number): Calibration => {
  const joints = JOINTS.map((joint) => {
    const range = joint === "wrist_roll" ? {} : { range_min: steps(min), range_max: steps(max) };
    return [joint, { ...calibration[joint], ...range }];
  });
  return Object.fromEntries(joints) as Calibration;
};

const codes = (arm: ArmState, counterpart?: ArmState) =>
  findingsOf(arm, counterpart).map(({ problem: { code } }) => code);

test("a pair in order has nothing to say", () => {
  expect(findingsOf(armState("leader"), armState("follower"))).toEqual([]);
  expect(findingsOf(armState("follower"), armState("leader"))).toEqual([]);
  expect(findingsOf(armState("follower"))).toEqual([]);
});

test("no calibration is a fault, as the file's error has it, with the arm named", () => {
  expect(findingsOf(armState("follower", { calibration: noFile }))).toEqual([
    { severity: "fault", problem: { ...noFile.problem, arm: FOLLOWER } as ArmProblem },
  ]);
});

test("a servo that does not hold its file's calibration is a fault with both numbers and both cures", () => {
  const arm = followerWith({ elbow_flex: { homing_offset: -12, max_position_limit: 4095 } });
  expect(findingsOf(arm)).toEqual([
    {
      severity: "fault",
      problem: {
        code: "calibration.mismatch",
        arm: FOLLOWER,
        differences: [
          { joint: "elbow_flex", key: "homing_offset", held: -12, filed: -1684 },
          { joint: "elbow_flex", key: "range_max", held: 4095, filed: 2864 },
        ],
        remedies: [{ do: "calibration pull" }, { do: "calibration apply" }],
      },
    },
  ]);
});

const WHEN = Date.UTC(2026, 10, 20, 13, 2);
const file = { path: "/x/red.json", writtenAtMs: WHEN };

/** The mismatch of a follower whose servos hold a calibration. */
const mismatchOf = (held: Calibration, given: Partial<ArmState> = {}) => {
  const found = problem(armState("follower", { images: armImages("follower", held), file, ...given }));
  if (found.code !== "calibration.mismatch") throw new Error(found.code);
  return found;
};

test("servos that hold no possible calibration are told to take the file's", () => {
  const cancelled = swept(calibrations.follower, 0, 4095);
  expect(mismatchOf(cancelled)).toMatchObject({
    file: "/x/red.json",
    writtenAtMs: WHEN,
    servosCannot: expect.stringContaining("cancelled after the middle") as unknown,
    remedies: [{ do: "calibration apply" }],
  });
  const gripper = { ...cancelled.gripper, homing_offset: steps(12) };
  expect(mismatchOf({ ...calibrations.follower, gripper })).toMatchObject({
    servosCannot: expect.stringContaining("gripper: its range, 0 to 4095") as unknown,
    remedies: [{ do: "calibration apply" }],
  });
});

test("servos that do not answer are not judged", () => {
  const images = armImages("follower", swept(calibrations.follower, 700, 3300)).map((image, index) =>
    index === 5 ? null : image,
  );
  const [missing, found] = findingsOf(armState("follower", { images, file }));
  expect(missing!.problem.code).toBe("bus.joints-missing");
  expect(found!.problem).toMatchObject({ code: "calibration.mismatch" });
  expect(found!.problem).not.toHaveProperty("servosCannot");
});

test("servos that hold what the file has replaced are told to take the file's, which is newer", () => {
  const before = swept(calibrations.follower, 700, 3300);
  const old = { path: "/x/red.json.old", calibration: before };
  const found = mismatchOf(before, { file: { ...file, old } });
  expect(found.servosHold).toBe("/x/red.json.old");
  expect(found.remedies).toEqual([{ do: "calibration apply" }, { do: "calibration pull" }]);
});

test("servos that hold another possible calibration are to be read", () => {
  const other = swept(calibrations.follower, 700, 3300);
  const old = { path: "/x/red.json.old", calibration: calibrations.leader };
  const found = mismatchOf(other, { file: { ...file, old } });
  expect(found.servosHold).toBeUndefined();
  expect(found.servosCannot).toBeUndefined();
  expect(found.remedies).toEqual([{ do: "calibration pull" }, { do: "calibration apply" }]);
});

test("where the file is missing or cannot be one, the arm's is offered if its servos hold one", () => {
  const flawed = new CalibrationError({
    ...(noFile.problem as CalibrationMissing),
    kind: "invalid",
    remedies: [{ do: "calibrate" }, { do: "calibration pull" }],
  });
  const remedies = (held: Calibration, calibration: CalibrationError) =>
    problem(armState("follower", { images: armImages("follower", held), calibration }));
  expect(remedies(calibrations.follower, flawed)).toMatchObject({
    remedies: [{ do: "calibration pull" }, { do: "calibrate" }],
  });
  const cancelled = swept(calibrations.follower, 0, 4095);
  expect(remedies(cancelled, flawed)).toMatchObject({ remedies: [{ do: "calibrate" }] });
  expect(remedies(cancelled, noFile)).toMatchObject({ remedies: [{ do: "calibrate" }] });
  // A pull by an older program put what LeRobot had left over the good file.
  const old = { path: "/x/red.json.old", calibration: calibrations.follower };
  const images = armImages("follower", cancelled);
  const state = armState("follower", { images, calibration: flawed, file: { ...file, old } });
  expect(problem(state)).toMatchObject({
    remedies: [{ do: "import old", file: "/x/red.json.old" }, { do: "calibrate" }],
  });
});

test("every joint that disagrees is named in one finding", () => {
  const arm = followerWith({ shoulder_pan: { min_position_limit: 1 }, gripper: { min_position_limit: 2 } });
  const found = problem(arm);
  expect(jointsOf(found)).toEqual(["shoulder_pan", "gripper"]);
  expect(found).toMatchObject({
    differences: [
      { joint: "shoulder_pan", key: "range_min", held: 1 },
      { joint: "gripper", key: "range_min", held: 2 },
    ],
  });
});

test("an interrupted calibration is said in place of what follows from it, and not where all agrees", () => {
  const unfinished: CalibrationUnfinished = {
    code: "calibration.unfinished",
    arm: FOLLOWER,
    kind: "interrupted",
    file: "/x/red.unfinished",
    remedies: [],
  };
  const differing = followerWith({ elbow_flex: { homing_offset: -12 } });
  expect(findingsOf({ ...differing, unfinished })).toEqual([{ severity: "fault", problem: unfinished }]);
  expect(findingsOf(armState("follower", { calibration: noFile, unfinished }))).toEqual([
    { severity: "fault", problem: unfinished },
  ]);
  expect(findingsOf(armState("follower", { unfinished }))).toEqual([]);
});

test("a servo of another model is a fault", () => {
  expect(findingsOf(followerWith({ wrist_flex: { model_number: 1029 } }))).toEqual([
    {
      severity: "fault",
      problem: { code: "servo.wrong-model", arm: FOLLOWER, joint: "wrist_flex", model: 1029 },
    },
  ]);
});

test("mixed firmware is a warning that names who has which", () => {
  const arm = followerWith({
    elbow_flex: { firmware_minor_version: 9 },
    gripper: { firmware_minor_version: 9 },
  });
  expect(findingsOf(arm)).toEqual([
    {
      severity: "warning",
      problem: {
        code: "servo.mixed-firmware",
        arm: FOLLOWER,
        versions: [
          { version: "3.10", joints: ["shoulder_pan", "shoulder_lift", "wrist_flex", "wrist_roll"] },
          { version: "3.9", joints: ["elbow_flex", "gripper"] },
        ],
      },
    },
  ]);
});

for (const [missing, remedies] of [
  [["wrist_flex", "wrist_roll", "gripper"], [{ do: "check lead", from: "elbow_flex", to: "wrist_flex" }]],
  [["gripper"], [{ do: "check lead", from: "wrist_roll", to: "gripper" }]],
  // A lead that carries to those behind is good.
  [["elbow_flex"], [{ do: "check servo", joint: "elbow_flex" }]],
  [["shoulder_pan"], [{ do: "check servo", joint: "shoulder_pan" }]],
  [
    ["shoulder_lift", "gripper"],
    [
      { do: "check servo", joint: "shoulder_lift" },
      { do: "check lead", from: "wrist_roll", to: "gripper" },
    ],
  ],
] as const) {
  test(`missing ${missing.join(", ")}: it is said where to look`, () => {
    const problem = { code: "bus.joints-missing", arm: FOLLOWER, joints: missing, remedies } as const;
    expect(findingsOf(withoutJoints(...missing))).toEqual([{ severity: "fault", problem }]);
  });
}

test("an arm of which no servo answers has no power", () => {
  expect(findingsOf(withoutJoints(...JOINTS))).toEqual([
    {
      severity: "fault",
      problem: { code: "bus.silent", arm: FOLLOWER, remedies: [{ do: "switch power on" }] },
    },
  ]);
});

test("a supply above the servos' limit is a warning with both numbers", () => {
  const arm = followerWith({ gripper: { present_voltage: 121 }, wrist_roll: { present_voltage: 120 } });
  expect(findingsOf(arm)).toEqual([
    {
      severity: "warning",
      problem: {
        code: "servo.voltage",
        arm: FOLLOWER,
        servos: [
          { joint: "wrist_roll", volts: volts(12) },
          { joint: "gripper", volts: volts(12.1) },
        ],
        limit: { bound: "highest", volts: volts(8) },
      },
    },
  ]);
});

test("a supply below it is another", () => {
  expect(problem(followerWith({ shoulder_lift: { present_voltage: 38 } }))).toMatchObject({
    servos: [{ joint: "shoulder_lift", volts: 3.8 }],
    limit: { bound: "lowest", volts: 4 },
  });
});

test("what a servo reports is said, from its status register as from its replies", () => {
  expect(findingsOf(followerWith({ gripper: { status: 4, present_temperature: 71 } }))).toEqual([
    {
      severity: "warning",
      problem: { code: "servo.overheats", arm: FOLLOWER, joint: "gripper", mask: 4, celsius: 71 },
    },
  ]);
  expect(findingsOf({ ...followerWith({}), errorBytes: [0, 32, 0, 0, 0, 0] })).toMatchObject([
    { severity: "warning", problem: { code: "servo.overload", joint: "shoulder_lift" } },
  ]);
});

test("each bit that a servo reports has its own code, and one that nobody has named too", () => {
  const of = (bits: number) =>
    findingsOf({ ...followerWith({}), errorBytes: [0, bits, 0, 0, 0, 0] }).map(
      ({ problem: { code } }) => code,
    );
  expect(of(2)).toEqual(["servo.sensor"]);
  expect(of(4 | 8 | 32)).toEqual(["servo.overheats", "servo.overcurrent", "servo.overload"]);
  expect(of(64 | 128)).toEqual(["servo.error", "servo.error"]);
});

test("an STS3250 and a 12 V STS3215 can be used, by their own limits, and that is said", () => {
  const arm = followerWith({
    shoulder_lift: { model_number: 2825, firmware_minor_version: 46 },
    elbow_flex: { max_voltage_limit: 140, present_voltage: 121 },
  });
  expect(findingsOf(arm)).toEqual([
    {
      severity: "info",
      problem: {
        code: "servo.models",
        arm: FOLLOWER,
        servos: [
          { joint: "shoulder_lift", kind: "STS3250" },
          { joint: "elbow_flex", kind: "12 V STS3215" },
        ],
      },
    },
  ]);
});

test("a gripper that is overloaded because it holds something is nothing to be told of", () => {
  const gripper = { status: 32, torque_enable: 1 };
  expect(findingsOf(followerWith({ gripper }))).toEqual([]);
  expect(codes(followerWith({ gripper: { ...gripper, torque_enable: 0 } }))).toEqual(["servo.overload"]);
  expect(codes(followerWith({ wrist_roll: gripper }))).toEqual(["servo.overload"]);
});

test("a voltage bit is said once, by the finding with the figures", () => {
  const arm = {
    ...followerWith({ gripper: { present_voltage: 120, status: 1 } }),
    errorBytes: [0, 0, 0, 0, 0, 1],
  };
  expect(codes(arm)).toEqual(["servo.voltage"]);
});

test("arms on each other's ports are one fault each, and nothing else is said", () => {
  const { leader, follower } = exchanged(armState("leader"), armState("follower"));
  expect(findingsOf(leader, follower)).toEqual([
    {
      severity: "fault",
      problem: {
        code: "arm.swapped",
        arm: LEADER,
        other: FOLLOWER,
        remedies: [{ do: "exchange ports" }],
      },
    },
  ]);
  expect(codes(follower, leader)).toEqual(["arm.swapped"]);
});

test("arms as from the factory are told apart by their calibrations alone", () => {
  const factory = (role: Role) => armState(role, { images: factoryImages(calibrations[role]) });
  const { leader, follower } = exchanged(factory("leader"), factory("follower"));
  expect(codes(leader, follower)).toEqual(["arm.swapped"]);
});

test("swapped arms are known while the other arm is not there", () => {
  const { leader, follower } = exchanged(armState("leader"), armState("follower"));
  const away = { ...follower, images: JOINTS.map(() => null) };
  expect(codes(leader, away)).toEqual(["arm.swapped"]);
});

test("swapped arms are known when only one of them has a file", () => {
  const noLeaderFile = exchanged(armState("leader", { calibration: noFile }), armState("follower"));
  expect(codes(noLeaderFile.leader, noLeaderFile.follower)).toEqual(["arm.swapped"]);
  expect(codes(noLeaderFile.follower, noLeaderFile.leader)).toEqual(["arm.swapped"]);
});

test("where both files are the same, the follower's gripper on the leader's port tells, whatever its gains", () => {
  const same = calibrations.leader;
  const leader = armState("leader");
  const images = armImages("follower", same, { elbow_flex: { p_coefficient: 24, i_coefficient: 1 } });
  const follower = armState("follower", { images, calibration: same });
  expect(findingsOf(leader, follower)).toEqual([]);
  expect(findingsOf(follower, leader)).toEqual([]);
  const wrong = exchanged(leader, follower);
  expect(codes(wrong.leader, wrong.follower)).toEqual(["arm.swapped"]);
  expect(codes(wrong.follower, wrong.leader)).toEqual(["arm.swapped"]);
});

test("where there is no file at all, they tell as well", () => {
  const leader = armState("leader", { calibration: noFile });
  const follower = armState("follower", { calibration: noFile });
  expect(codes(leader, follower)).toEqual(["calibration.missing"]);
  const wrong = exchanged(leader, follower);
  expect(codes(wrong.leader, wrong.follower)).toEqual(["arm.swapped"]);
});

test("a leader that was once a follower is still the leader that its file says", () => {
  const leader = armState("leader", { images: armImages("follower", calibrations.leader) });
  const follower = armState("follower", { images: armImages("leader", calibrations.follower) });
  expect(findingsOf(leader, follower)).toEqual([]);
  expect(findingsOf(follower, leader)).toEqual([]);
});

test("an arm that was given the other's calibration is a mismatch, while the other holds its own too", () => {
  const follower = armState("follower", { images: armImages("follower", calibrations.leader) });
  expect(codes(follower, armState("leader"))).toEqual(["calibration.mismatch"]);
});

test("a swept wrist_roll beside a full turn is a warning, once for the pair, by the arm to calibrate again", () => {
  const swept = {
    ...calibrations.leader,
    wrist_roll: { ...calibrations.leader.wrist_roll, range_min: steps(1258), range_max: steps(2780) },
  };
  const leader = armState("leader", { images: armImages("leader", swept), calibration: swept });
  expect(findingsOf(armState("follower"), leader)).toEqual([]);
  expect(findingsOf(leader, armState("follower"))).toEqual([
    {
      severity: "warning",
      problem: {
        code: "calibration.wrist-roll",
        arm: LEADER,
        joint: "wrist_roll",
        rangeMin: steps(1258),
        rangeMax: steps(2780),
        other: FOLLOWER,
        remedies: [{ do: "calibrate" }],
      },
    },
  ]);
  const both = armState("follower", { images: armImages("follower", swept), calibration: swept });
  expect(findingsOf(leader, both)).toEqual([]);
});

test("in degrees a swept wrist_roll agrees with a full turn if the middles of the two are within 5°", () => {
  const leaderWith = (min: number, max: number) => {
    const wrist_roll = { ...calibrations.leader.wrist_roll, range_min: steps(min), range_max: steps(max) };
    const calibration = { ...calibrations.leader, wrist_roll };
    return armState("leader", { images: armImages("leader", calibration), calibration });
  };
  const follower = armState("follower");
  expect(findingsOf(leaderWith(1000, 3200), follower, "degrees")).toEqual([]); // 4.6° off 2047.5
  expect(findingsOf(leaderWith(1000, 3200), follower, "range")).toHaveLength(1);
  const [finding] = findingsOf(leaderWith(1000, 3300), follower, "degrees");
  expect(finding!.problem).toMatchObject({ code: "calibration.wrist-roll", apart: expect.closeTo(9, 0) });
});

test("whatever the servos hold, the findings name the arm, and faults come first", () => {
  const images = fc.array(
    fc.option(fc.uint8Array({ minLength: 71, maxLength: 71 }).map((bytes) => new ServoImage(bytes))),
    {
      minLength: 6,
      maxLength: 6,
    },
  );
  fc.assert(
    fc.property(images, images, (mine, theirs) => {
      const findings = findingsOf(
        armState("follower", { images: mine }),
        armState("leader", { images: theirs }),
      );
      expect(findings[0]?.severity).toBe("fault");
      for (const finding of findings) expect(finding.problem.arm).toEqual(FOLLOWER);
      const severities = findings.map(({ severity }) => severity);
      expect(severities).toEqual([...severities].sort());
    }),
  );
});
