import { expect, test } from "bun:test";
import { JOINTS } from "../../src/arm/joints.ts";
import type { ArmProblem, ReportedError } from "../../src/arm/problem.ts";
import { degrees, steps, volts } from "../../src/feetech/units.ts";
import { sayProblem } from "../../src/messages/problems.ts";

const arm = { role: "follower", id: "red_sting" } as const;
const leader = { role: "leader", id: "blue_wasp" } as const;
const path = "/dev/ttyACM0";

/** The sentence without the arm's name, which begins it. */
const said = (problem: ArmProblem, audience = {}): string => {
  const text = sayProblem({ ...problem, arm: problem.arm ?? arm } as ArmProblem, audience);
  expect(text).toStartWith('follower "red_sting": ');
  return text.slice('follower "red_sting": '.length);
};

test("a board that is not there, or went away", () => {
  expect(said({ code: "board.missing", path })).toBe(`${path} is not there — plug in the arm's USB board`);
  expect(said({ code: "board.missing", path, lost: true })).toBe(
    `${path} went away: the board was unplugged or lost its power — plug it in again`,
  );
});

test("a port that may not be opened: with the cure, once it is believed", () => {
  expect(said({ code: "port.denied", path, fresh: true })).toBe(`${path} is not accessible yet`);
  const text = said({ code: "port.denied", path });
  expect(text).toStartWith(`${path} may not be opened`);
  expect(text).toContain("sudo usermod -aG dialout $USER");
});

test("a port that another program has", () => {
  expect(said({ code: "port.busy", path, owner: { pid: 12, name: "python3" } })).toBe(
    `python3 (pid 12) has ${path} open — end that program first`,
  );
  expect(said({ code: "port.busy", path, owner: { pid: 12 } })).toStartWith(`pid 12 has ${path} open`);
  expect(said({ code: "port.busy", path })).toStartWith(`another program has ${path} open`);
});

test("a port that fails otherwise", () => {
  const fact = "/dev/null is not a serial port";
  expect(said({ code: "port.failed", path: "/dev/null", trouble: "not a tty", fact })).toBe(
    `${fact} — check that this is the path of the arm's port`,
  );
  expect(said({ code: "port.failed", path, trouble: "failed", errno: "ELOOP", fact: "a circle" })).toBe(
    "a circle — check that this is the path of the arm's port",
  );
  expect(said({ code: "port.failed", path, trouble: "failed", errno: "EMFILE", fact: "full" })).toBe(
    "full — end other programs, or restart the machine",
  );
  expect(said({ code: "port.failed", path, trouble: "stuck", fact: `${path} did not take it` })).toBe(
    `${path} did not take it — unplug the arm's USB board and plug it in again`,
  );
});

test("no servo answers: the power first", () => {
  const cure =
    "switch the arm's power on; if it is on, check the lead between the board and shoulder_pan, and that this is the " +
    "arm's port";
  expect(said({ code: "bus.silent", path, remedies: [] })).toBe(
    `there is a board at ${path}, but no servo answers — ${cure}`,
  );
  expect(said({ code: "bus.silent", remedies: [] })).toBe(`no servo answers — ${cure}`);
});

for (const [joints, from, expected] of [
  [
    ["wrist_flex", "wrist_roll", "gripper"],
    "elbow_flex",
    "no answer from wrist_flex (id 4) and everything after it — check the lead between elbow_flex and wrist_flex",
  ],
  [
    ["gripper"],
    "wrist_roll",
    "no answer from gripper (id 6) — check the lead between wrist_roll and gripper",
  ],
] as const) {
  test(`missing ${joints.join(", ")}: where to look`, () => {
    const remedies = [{ do: "check lead", from, to: joints[0] }] as const;
    expect(said({ code: "bus.joints-missing", joints, remedies })).toBe(expected);
  });
}

test("a joint behind which others answer: no lead is named", () => {
  const one = {
    code: "bus.joints-missing",
    joints: ["elbow_flex"],
    remedies: [{ do: "check servo", joint: "elbow_flex" }],
  } as const;
  expect(said(one)).toBe(
    "no answer from elbow_flex (id 3) — servos behind elbow_flex answer, so its leads are good: its servo has another " +
      'id, or has failed: try "so101 setup-motors follower --joint elbow_flex"',
  );
  expect(said({ ...one, searched: true })).toBe(
    "no answer from elbow_flex (id 3), and no other servo answers, at any id or speed — servos behind elbow_flex answer, " +
      "so its leads are good: its servo has failed — switch the arm's power off and on; if that does not help, replace it",
  );
  const several = {
    code: "bus.joints-missing",
    joints: ["shoulder_pan", "elbow_flex", "gripper"],
    remedies: [
      { do: "check servo", joint: "shoulder_pan" },
      { do: "check servo", joint: "elbow_flex" },
      { do: "check lead", from: "wrist_roll", to: "gripper" },
    ],
  } as const;
  expect(said(several, { pair: "left" })).toBe(
    "no answer from shoulder_pan (id 1), elbow_flex (id 3) and gripper (id 6) — servos behind shoulder_pan and elbow_flex " +
      "answer, so their leads are good: their servos have another id, or have failed: try " +
      '"so101 setup-motors follower --pair left"; check the lead between wrist_roll and gripper',
  );
});

test("servos that answer to other ids: which, and how they get their own", () => {
  const other = (id: number, rest = {}) => ({ id, baudRate: 1_000_000, model: 777, ...rest });
  const problem: ArmProblem = {
    ...{ code: "servo.wrong-id", joints: ["elbow_flex", "wrist_flex"], remedies: [] },
    found: [other(8), other(9)],
  };
  expect(said(problem, { pair: "left" })).toBe(
    "no answer from elbow_flex (id 3) and wrist_flex (id 4), but ids 8 and 9 answer — give the servos their joints' ids " +
      'with "so101 setup-motors follower --pair left"',
  );
  expect(said({ ...problem, joints: ["elbow_flex"], found: [other(8)] })).toBe(
    "no answer from elbow_flex (id 3), but id 8 answers — give elbow_flex's servo its id with " +
      '"so101 setup-motors follower --joint elbow_flex"',
  );
  expect(said({ ...problem, joints: JOINTS, found: [other(7), other(8)] })).toStartWith(
    "no servo answers to the id of a joint, but ids 7 and 8 answer — ",
  );
  const found = [
    other(3, { baudRate: 115_200 }),
    other(8, { model: undefined }),
    other(9, { model: 1029 }),
    other(10),
  ];
  expect(said({ ...problem, found })).toContain(
    "but id 10 answers, id 3 answers at 115200 baud, several servos answer at once to id 8 and id 9 answers " +
      "(model 1029, not an STS3215) — ",
  );
  // An arm on a port that is nobody's has no role yet.
  expect(sayProblem({ ...problem, path }, {})).toBe(
    `arm on ${path}: no answer from elbow_flex (id 3) and wrist_flex (id 4), but ids 8 and 9 answer — give the servos ` +
      "their joints' ids",
  );
});

test("replies that arrive damaged", () => {
  const remedies = [{ do: "check leads" }] as const;
  expect(said({ code: "bus.damaged", joints: ["elbow_flex"], silent: [], remedies })).toBe(
    "the replies of elbow_flex (id 3) arrive damaged — check the leads and the plugs; two servos may have one id",
  );
  expect(said({ code: "bus.damaged", joints: [], silent: [], remedies })).toBe(
    "its servos answer one by one but not together — check the leads and the plugs",
  );
});

test("several servos of one id", () => {
  const problem: ArmProblem = {
    ...{ code: "bus.damaged", path, joints: ["shoulder_pan"], silent: JOINTS.slice(1) },
    remedies: [{ do: "give ids" }],
  };
  expect(said(problem)).toEndWith(
    "and gripper (id 6) do not answer — several servos probably have one id: give each its own with " +
      '"so101 setup-motors follower"',
  );
});

test("two servos of one id: which one gets its own, and how", () => {
  const problem: ArmProblem = {
    code: "bus.damaged",
    path,
    joints: ["elbow_flex"],
    silent: ["wrist_flex"],
    remedies: [{ do: "give id", joint: "wrist_flex" }],
  };
  const what =
    "the replies of elbow_flex (id 3) arrive damaged, and wrist_flex (id 4) does not answer — two servos probably " +
    "have one id: give wrist_flex's its own";
  expect(said(problem, { pair: "left" })).toBe(
    `${what} with "so101 setup-motors follower --joint wrist_flex --pair left"`,
  );
  // An arm on a port that is nobody's has no role yet.
  expect(sayProblem(problem, {})).toBe(`arm on ${path}: ${what}`);
});

test("a servo that did not do what it was asked", () => {
  const failed = { code: "bus.failed", id: 3, joint: "elbow_flex" } as const;
  expect(said({ ...failed, trouble: "timeout" })).toStartWith("no answer from elbow_flex (id 3) — ");
  expect(said({ ...failed, trouble: "corrupted" })).toStartWith(
    "the replies of elbow_flex (id 3) arrive damaged — ",
  );
  const written = { ...failed, trouble: "not written", register: "torque_enable" } as const;
  expect(said({ ...written, value: 0 })).toBe(
    "elbow_flex (id 3) does not confirm that its torque is off — switch the arm's power off and on",
  );
  expect(said({ ...written, register: "lock", value: 1 })).toContain("does not take lock = 1");
  expect(said({ ...written, register: "goal_position", value: 2048, position: 1000 })).toBe(
    "elbow_flex (id 3) has the goal 2048 and is at 1000: it moves, or does not take its goal — keep the arm still; " +
      "if that does not help, switch the arm's power off and on",
  );
  expect(said({ code: "bus.failed", id: 9, trouble: "timeout" })).toContain("no answer from servo 9");
});

test("arms on each other's ports", () => {
  const problem: ArmProblem = { code: "arm.swapped", arm: leader, other: arm, remedies: [] };
  expect(sayProblem(problem, {})).toBe(
    'leader "blue_wasp": the arm on its port is the follower "red_sting" — exchange the two: run "sudo so101 assign" ' +
      "again, or exchange the ports in the configuration or on the command line",
  );
  expect(sayProblem(problem, { pair: "left" })).toContain('run "sudo so101 assign --pair left" again');
});

test("a servo of another model", () => {
  expect(said({ code: "servo.wrong-model", joint: "wrist_flex", model: 1029 })).toStartWith(
    "wrist_flex (id 4) is a servo of model 1029, not an STS3215 (model 777) or STS3250 (model 2825) — ",
  );
});

test("mixed firmware: who has which", () => {
  const text = said({
    code: "servo.mixed-firmware",
    versions: [
      { version: "3.10", joints: ["shoulder_pan", "shoulder_lift", "wrist_flex", "wrist_roll"] },
      { version: "3.9", joints: ["elbow_flex", "gripper"] },
    ],
  });
  expect(text).toContain("3.9 in elbow_flex (id 3) and gripper (id 6)");
  expect(text).toContain(
    "3.10 in shoulder_pan (id 1), shoulder_lift (id 2), wrist_flex (id 4) and wrist_roll (id 5)",
  );
});

test("EEPROM that does not keep a value, and a reading that is none", () => {
  expect(said({ code: "servo.eeprom", id: 3, joint: "elbow_flex", register: "id", value: 3 })).toBe(
    "elbow_flex (id 3) does not keep id = 3 — switch the arm's power off and on; if that does not help, replace the servo",
  );
  expect(said({ code: "servo.no-position", joint: "gripper", position: 5000 })).toBe(
    "gripper (id 6) reports 5000, which is no position — switch its power off and on",
  );
  expect(said({ code: "joint.out-of-range", joint: "elbow_flex", degrees: 12 })).toBe(
    "elbow_flex (id 3) is 12° outside of its range: move it in by hand",
  );
});

test("a supply outside the servos' limits, with both numbers", () => {
  const servos = [
    { joint: "wrist_roll", volts: volts(12) },
    { joint: "gripper", volts: volts(12.1) },
  ] as const;
  expect(said({ code: "servo.voltage", servos, limit: { bound: "highest", volts: volts(8) } })).toStartWith(
    "wrist_roll (id 5) gets 12.0 V and gripper (id 6) gets 12.1 V, above the highest of 8.0 V",
  );
  const low = [{ joint: "shoulder_lift", volts: volts(3.8) }] as const;
  expect(said({ code: "servo.voltage", servos: low, limit: { bound: "lowest", volts: volts(4) } })).toMatch(
    /^shoulder_lift \(id 2\) gets 3\.8 V, below the lowest of 4\.0 V .* — check the power supply/,
  );
  expect(said({ code: "servo.voltage", servos: [{ joint: "gripper" }] })).toBe(
    "gripper (id 6) reports a voltage outside its limits — check the arm's supply and its leads",
  );
});

test("what a servo reports, with its temperature where that is known", () => {
  expect(said({ code: "servo.overheats", joint: "gripper", mask: 4, celsius: 71 })).toBe(
    "gripper (id 6), at 71 °C, reports overheating — let it cool",
  );
});

test("servos that an arm usually has not", () => {
  const servos = [
    { joint: "shoulder_lift", kind: "STS3250" },
    { joint: "elbow_flex", kind: "12 V STS3215" },
  ] as const;
  expect(said({ code: "servo.models", servos })).toBe(
    "shoulder_lift (id 2) is an STS3250 and elbow_flex (id 3) is a 12 V STS3215: the limits of voltage and " +
      "temperature are read from the servo itself",
  );
});

test("an overload, with what ends it", () => {
  const overload: ReportedError = { code: "servo.overload", joint: "gripper", mask: 32 };
  const grasp: ReportedError = { ...overload, holds: true };
  expect(said(overload, { pair: "left" })).toBe(
    "gripper (id 6) reports an overload, and has little force — take the load off it, then run " +
      '"so101 release --pair left" and "so101 resume --pair left"',
  );
  expect(said(grasp)).toBe(
    "gripper (id 6) has pressed hard for some seconds: it goes on holding, with less force, until it opens",
  );
  expect(sayProblem({ ...overload, arm: leader }, {})).toStartWith(
    'leader "blue_wasp": gripper (id 6) reports an overload — check',
  );
});

test("an error that has no name", () => {
  expect(said({ code: "servo.error", joint: "gripper", mask: 64 })).toContain("reports error bit 64");
});

test("a wrist that only the other arm has as a full turn", () => {
  const problem = {
    code: "calibration.wrist-roll",
    joint: "wrist_roll",
    rangeMin: steps(1258),
    rangeMax: steps(2780),
    other: leader,
    remedies: [{ do: "calibrate" }],
  } as const;
  const text = said(problem);
  expect(text).toContain("calibrated from 1258 to 2780");
  expect(text).toContain("the wrists will turn by different angles");
  expect(said({ ...problem, apart: degrees(8.6) })).toContain("the wrists will stand 9° apart");
  expect(text).toEndWith('calibrate this arm again with "so101 calibrate follower"');
});

test("every joint has its number beside its name", () => {
  for (const joint of JOINTS) {
    expect(said({ code: "servo.no-position", joint, position: -1 })).toContain(`${joint} (id `);
  }
});
