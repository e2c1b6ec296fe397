import { expect, test } from "bun:test";
import fc from "fast-check";
import { type ArmState, findingsOf, missingJoints } from "../../src/arm/findings.ts";
import { JOINTS, type JointName, type Role } from "../../src/arm/joints.ts";
import { ServoImage } from "../../src/arm/servo-image.ts";
import { steps } from "../../src/feetech/units.ts";
import { armImages, armState, calibrations, factoryImages, noFile, type Registers } from "./arms.ts";

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

const message = (arm: ArmState, counterpart?: ArmState): string => {
  const findings = findingsOf(arm, counterpart);
  expect(findings).toHaveLength(1);
  return findings[0]!.message;
};

test("a pair in order has nothing to say", () => {
  expect(findingsOf(armState("leader"), armState("follower"))).toEqual([]);
  expect(findingsOf(armState("follower"), armState("leader"))).toEqual([]);
  expect(findingsOf(armState("follower"))).toEqual([]);
});

test("no calibration is a fault in the file's own words, with the arm named", () => {
  expect(findingsOf(armState("follower", { calibration: noFile }))).toEqual([
    {
      code: "no calibration",
      severity: "fault",
      message: 'follower "red_sting": calibration /x/me.json: there is no such file',
    },
  ]);
});

test("a servo that does not hold its file's calibration is a fault with both numbers and both cures", () => {
  const arm = followerWith({ elbow_flex: { homing_offset: -12, max_position_limit: 4095 } });
  expect(findingsOf(arm)).toEqual([
    {
      code: "calibration mismatch",
      severity: "fault",
      joint: "elbow_flex",
      message:
        'follower "red_sting": its servos do not hold the calibration of its file: elbow_flex (id 3) ' +
        "homing_offset -12 in the servo and -1684 in the file, range_max 4095 in the servo and 2864 in the file — " +
        '"so101 calibration apply follower" writes the file into the arm, "so101 calibration pull follower" the arm into the file',
    },
  ]);
});

test("every joint that disagrees is named in one message", () => {
  const arm = followerWith({ shoulder_pan: { min_position_limit: 1 }, gripper: { min_position_limit: 2 } });
  const [finding] = findingsOf(arm);
  expect(finding).not.toHaveProperty("joint");
  expect(finding!.message).toMatch(/shoulder_pan \(id 1\) range_min 1 .*; gripper \(id 6\) range_min 2 /);
});

test("a servo of another model is a fault", () => {
  expect(findingsOf(followerWith({ wrist_flex: { model_number: 1029 } }))).toMatchObject([
    { code: "wrong model", severity: "fault", joint: "wrist_flex" },
  ]);
  expect(message(followerWith({ wrist_flex: { model_number: 1029 } }))).toStartWith(
    'follower "red_sting": wrist_flex (id 4) is a servo of model 1029, not an STS3215 (model 777) — ',
  );
});

test("mixed firmware is a warning that names who has which", () => {
  const arm = followerWith({
    elbow_flex: { firmware_minor_version: 9 },
    gripper: { firmware_minor_version: 9 },
  });
  expect(findingsOf(arm)).toMatchObject([{ code: "mixed firmware", severity: "warning" }]);
  expect(message(arm)).toContain("3.9 in elbow_flex (id 3) and gripper (id 6)");
  expect(message(arm)).toContain(
    "3.10 in shoulder_pan (id 1), shoulder_lift (id 2), wrist_flex (id 4) and wrist_roll (id 5)",
  );
});

for (const [missing, expected] of [
  [
    ["wrist_flex", "wrist_roll", "gripper"],
    "no answer from wrist_flex (id 4) and everything after it — check the lead between elbow_flex and wrist_flex",
  ],
  [["elbow_flex"], "no answer from elbow_flex (id 3) — check the lead between shoulder_lift and elbow_flex"],
  [["gripper"], "no answer from gripper (id 6) — check the lead between wrist_roll and gripper"],
  [
    ["shoulder_pan"],
    "no answer from shoulder_pan (id 1) — check the lead between the board and shoulder_pan",
  ],
  [
    ["shoulder_lift", "gripper"],
    "no answer from shoulder_lift (id 2) and gripper (id 6) — check the lead between shoulder_pan and shoulder_lift",
  ],
  [[...JOINTS], "no servo answers — check that the arm's power is on, and that this is the arm's port"],
] as const) {
  test(`missing ${missing.join(", ")}: it is said where to look`, () => {
    const finding = findingsOf(withoutJoints(...missing));
    expect(finding).toMatchObject([{ code: "missing joints", severity: "fault" }]);
    expect(finding[0]!.message).toBe(`follower "red_sting": ${expected}`);
    expect(missingJoints("it", missing)).toBe(`it: ${expected}`);
  });
}

test("a supply above the servos' limit is a warning with both numbers", () => {
  const arm = followerWith({ gripper: { present_voltage: 121 }, wrist_roll: { present_voltage: 120 } });
  expect(findingsOf(arm)).toMatchObject([{ code: "voltage", severity: "warning" }]);
  expect(message(arm)).toStartWith(
    'follower "red_sting": wrist_roll (id 5) gets 12.0 V and gripper (id 6) gets 12.1 V, above the highest of 8.0 V',
  );
});

test("a supply below it is another", () => {
  expect(message(followerWith({ shoulder_lift: { present_voltage: 38 } }))).toMatch(
    /shoulder_lift \(id 2\) gets 3\.8 V, below the lowest of 4\.0 V .* — check the power supply/,
  );
});

test("what a servo reports is said, from its status register as from its replies", () => {
  const hot = findingsOf(followerWith({ gripper: { status: 4, present_temperature: 71 } }));
  expect(hot).toMatchObject([{ code: "servo error", severity: "warning", joint: "gripper" }]);
  expect(hot[0]!.message).toBe(
    'follower "red_sting": gripper (id 6), at 71 °C, reports overheating — let it cool',
  );
  const overloaded = findingsOf({ ...followerWith({}), errorBytes: [0, 32, 0, 0, 0, 0] });
  expect(overloaded).toMatchObject([{ code: "servo error", joint: "shoulder_lift" }]);
  expect(overloaded[0]!.message).toContain("reports an overload");
});

test("a voltage bit is said once, by the finding with the figures", () => {
  const arm = {
    ...followerWith({ gripper: { present_voltage: 120, status: 1 } }),
    errorBytes: [0, 0, 0, 0, 0, 1],
  };
  expect(findingsOf(arm).map(({ code }) => code)).toEqual(["voltage"]);
});

test("arms on each other's ports are one fault each, and nothing else is said", () => {
  const { leader, follower } = exchanged(armState("leader"), armState("follower"));
  expect(findingsOf(leader, follower)).toEqual([
    {
      code: "swapped arms",
      severity: "fault",
      message:
        'leader "blue_wasp": the arm on its port is the follower "red_sting" — ' +
        'exchange the two: run "sudo so101 assign" again, or exchange the ports in the configuration or on the command line',
    },
  ]);
  expect(findingsOf(follower, leader)).toMatchObject([{ code: "swapped arms" }]);
});

test("arms as from the factory are told apart by their calibrations alone", () => {
  const factory = (role: Role) => armState(role, { images: factoryImages(calibrations[role]) });
  const { leader, follower } = exchanged(factory("leader"), factory("follower"));
  expect(findingsOf(leader, follower)).toMatchObject([{ code: "swapped arms" }]);
});

test("swapped arms are known while the other arm is not there", () => {
  const { leader, follower } = exchanged(armState("leader"), armState("follower"));
  const away = { ...follower, images: JOINTS.map(() => null) };
  expect(findingsOf(leader, away)).toMatchObject([{ code: "swapped arms" }]);
});

test("swapped arms are known when only one of them has a file", () => {
  const noLeaderFile = exchanged(armState("leader", { calibration: noFile }), armState("follower"));
  expect(findingsOf(noLeaderFile.leader, noLeaderFile.follower)).toMatchObject([{ code: "swapped arms" }]);
  expect(findingsOf(noLeaderFile.follower, noLeaderFile.leader)).toMatchObject([{ code: "swapped arms" }]);
});

test("where both files are the same, a follower's gains on the leader's port tell", () => {
  const same = calibrations.leader;
  const leader = armState("leader");
  const follower = armState("follower", { images: armImages("follower", same), calibration: same });
  expect(findingsOf(leader, follower)).toEqual([]);
  expect(findingsOf(follower, leader)).toEqual([]);
  const wrong = exchanged(leader, follower);
  expect(findingsOf(wrong.leader, wrong.follower)).toMatchObject([{ code: "swapped arms" }]);
  expect(findingsOf(wrong.follower, wrong.leader)).toMatchObject([{ code: "swapped arms" }]);
});

test("where there is no file at all, they tell as well", () => {
  const leader = armState("leader", { calibration: noFile });
  const follower = armState("follower", { calibration: noFile });
  expect(findingsOf(leader, follower)).toMatchObject([{ code: "no calibration" }]);
  const wrong = exchanged(leader, follower);
  expect(findingsOf(wrong.leader, wrong.follower)).toMatchObject([{ code: "swapped arms" }]);
});

test("a leader that was once a follower is still the leader that its file says", () => {
  const leader = armState("leader", { images: armImages("follower", calibrations.leader) });
  const follower = armState("follower", { images: armImages("leader", calibrations.follower) });
  expect(findingsOf(leader, follower)).toEqual([]);
  expect(findingsOf(follower, leader)).toEqual([]);
});

test("an arm that was given the other's calibration is a mismatch, while the other holds its own too", () => {
  const follower = armState("follower", { images: armImages("follower", calibrations.leader) });
  expect(findingsOf(follower, armState("leader"))).toMatchObject([{ code: "calibration mismatch" }]);
});

test("a swept wrist_roll beside a full turn is a warning, once for the pair, by the arm to calibrate again", () => {
  const swept = {
    ...calibrations.leader,
    wrist_roll: { ...calibrations.leader.wrist_roll, range_min: steps(1258), range_max: steps(2780) },
  };
  const leader = armState("leader", { images: armImages("leader", swept), calibration: swept });
  expect(findingsOf(armState("follower"), leader)).toEqual([]);
  expect(findingsOf(leader, armState("follower"))).toMatchObject([
    { code: "wrist_roll ranges", severity: "warning", joint: "wrist_roll" },
  ]);
  expect(message(leader, armState("follower"))).toContain("calibrated from 1258 to 2780");
  const both = armState("follower", { images: armImages("follower", swept), calibration: swept });
  expect(findingsOf(leader, both)).toEqual([]);
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
      for (const finding of findings) expect(finding.message).toStartWith('follower "red_sting": ');
      const severities = findings.map(({ severity }) => severity);
      expect(severities).toEqual([...severities].sort());
    }),
  );
});
