import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CalibrationError } from "../../../src/arm/calibration/error.ts";
import { encoderAt } from "../../../src/arm/calibration/homing.ts";
import { matches, type ServoCalibration } from "../../../src/arm/calibration/in-servos.ts";
import { CalibrationStore } from "../../../src/arm/calibration/store.ts";
import { JOINTS, type JointName } from "../../../src/arm/joints.ts";
import { readArm } from "../../../src/arm/servos/read.ts";
import { torqueState } from "../../../src/arm/servos/release.ts";
import { Bus } from "../../../src/feetech/bus.ts";
import { steps } from "../../../src/feetech/units.ts";
import { systemClock } from "../../../src/linux/clock.ts";
import { SimulatedTransport } from "../../../src/sim/testing/transport.ts";
import type { OpenArm } from "../../../src/workflows/arm-session.ts";
import { type CalibrationWish, calibrateArm } from "../../../src/workflows/calibrate/calibrate.ts";
import { Interrupted } from "../../../src/workflows/errors.ts";
import { calibrations } from "../../arm/arms.ts";
import { type Script, ScriptedOperator } from "../../support/scripted-operator.ts";

setDefaultTimeout(20_000);

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "so101-calibrate-"));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Where the hand holds each joint in the middle of its range, on its encoder. */
const MIDDLE = 1900;
const REACH = 900;
/** So far a hand moves a joint from one reading to the next. */
const STRIDE = 150;

const leader = { role: "leader", id: "blue" } as const;

/** A leader on a line that answers at once, held in the middle; each servo as from the factory. */
function newArm() {
  const transport = new SimulatedTransport(undefined, undefined, systemClock);
  const store = new CalibrationStore(root);
  for (const { actuator } of transport.arm.servos) actuator.motor.position = MIDDLE;
  const arm: OpenArm = {
    ...leader,
    name: 'leader "blue"',
    port: "/dev/leader",
    calibrationDir: root,
    calibrations: store,
    bus: new Bus(transport, { access: "torque off", nameOf: (id) => JOINTS[id - 1]! }),
  };
  const place = (joint: JointName, encoder: number) => {
    transport.arm.servo(joint).actuator.motor.position = encoder;
  };
  return { transport, arm, store, place, images: () => readArm(arm.bus).images };
}

/** An arm that holds a calibration which its file has too. */
function calibratedArm() {
  const made = newArm();
  for (const joint of JOINTS) {
    const { homing_offset, range_min, range_max } = calibrations.leader[joint];
    const values = { homing_offset, min_position_limit: range_min, max_position_limit: range_max };
    made.transport.arm.servo(joint).setValues(values);
  }
  made.store.save(leader, calibrations.leader);
  return made;
}

/** Moves joints from the middle down to one end and up to the other, a stride each time; true once they are there. */
function hand(place: (joint: JointName, encoder: number) => void, joints: readonly JointName[] = JOINTS) {
  let at = MIDDLE;
  let way = -1;
  return () => {
    if (at === MIDDLE + REACH) return true;
    at = Math.min(Math.max(at + way * STRIDE, MIDDLE - REACH), MIDDLE + REACH);
    if (at === MIDDLE - REACH) way = 1;
    for (const joint of joints) place(joint, at);
    return false;
  };
}

const operatorThat = (script: Script) => new ScriptedOperator(script);

const run = (made: ReturnType<typeof newArm>, operator: ScriptedOperator, wish: CalibrationWish = {}) =>
  calibrateArm(made.arm, made.store.tryLoad(leader), wish, operator);

/** What ended it. */
const endOf = async (calibrating: Promise<void>): Promise<Error> => {
  const error = await calibrating.then(
    () => undefined,
    (reason) => reason,
  );
  if (error instanceof Error) return error;
  throw new Error("it did not end early");
};

test("a new arm, held in the middle and moved from end to end, has its calibration in servos and file", async () => {
  const made = newArm();
  const move = hand(made.place);
  const operator = operatorThat({ sees: move });
  await run(made, operator);
  const calibration = made.store.load(leader);
  expect(matches(made.images(), calibration)).toBe(true);
  for (const joint of JOINTS) {
    const { homing_offset, range_min, range_max } = calibration[joint];
    expect<number>(encoderAt(steps(2047), homing_offset)).toBe(MIDDLE);
    const range = joint === "wrist_roll" ? [0, 4095] : [2047 - REACH, 2047 + REACH];
    expect<number[]>([range_min, range_max]).toEqual(range);
  }
  expect(operator.asked).toEqual(["Is every joint in the middle, and at rest?"]);
  expect(operator.events).toMatchObject([
    { event: "step", step: "middle", joints: JOINTS },
    { event: "step", step: "ranges" },
    { event: "calibrated", arm: "leader", id: "blue", calibration },
  ]);
  expect(operator.heard.at(-1)).toStartWith('done: leader "blue" is calibrated: ');
});

test("the sweep is shown as data: where each joint is and was, and what its range lacks", async () => {
  const made = newArm();
  const operator = operatorThat({ sees: hand(made.place) });
  await run(made, operator);
  const [first] = operator.pictures;
  const last = operator.pictures.at(-1);
  const joints = JOINTS.filter((joint) => joint !== "wrist_roll");
  expect<unknown>(first).toEqual({
    kind: "sweep",
    joints: joints.map((joint) => ({
      joint,
      min: 2047,
      position: 2047,
      max: 2047,
      trouble: "too little",
    })),
  });
  expect(last?.kind === "sweep" && last.joints.every(({ trouble }) => trouble === undefined)).toBe(true);
});

test("a joint that was not moved is named, and the sweep goes on when the person agrees", async () => {
  const made = newArm();
  const others = hand(
    made.place,
    JOINTS.filter((joint) => joint !== "gripper"),
  );
  const gripper = hand(made.place, ["gripper"]);
  const operator = operatorThat({ sees: (_, sweep) => (sweep === 1 ? others() : gripper()) });
  await run(made, operator);
  expect(operator.asked).toContain("Go on moving?");
  expect(operator.heard.join("\n")).toContain(
    "gripper (id 6) was not moved: move it from one end of its range to the other",
  );
  expect<number>(made.store.load(leader).gripper.range_max).toBe(2047 + REACH);
});

describe("whatever ends it before the end leaves the calibration that was there", () => {
  test.each([
    ["at the middle", "in the middle, and at rest?"],
    ["before its torque is switched off", "may it be released?"],
  ])("the person, %s", async (_, question) => {
    const made = calibratedArm();
    if (question.includes("released")) {
      for (const servo of made.transport.arm.servos) servo.setValues({ torque_enable: 1 });
    }
    const operator = operatorThat({ answer: (asked) => (asked.includes(question) ? "cancel" : true) });
    const error = await endOf(run(made, operator));
    expect(error).toBeInstanceOf(Interrupted);
    expect(error.message).toContain("the calibration is as it was");
    expect(matches(made.images(), calibrations.leader)).toBe(true);
    expect(made.store.load(leader)).toEqual(calibrations.leader);
    expect(made.store.findUnfinished(leader)).toBeUndefined();
  });

  test("a person who does not want it released: then its torque stays on", async () => {
    const made = calibratedArm();
    for (const servo of made.transport.arm.servos) servo.setValues({ torque_enable: 1 });
    const error = await endOf(run(made, operatorThat({ answer: () => false })));
    expect(error.message).toStartWith('leader "blue" still holds; nothing was changed');
    expect(torqueState(made.arm.bus)).toBe("on");
  });

  test("a signal in the sweep", async () => {
    const made = calibratedArm();
    const controller = new AbortController();
    const sees = () => {
      controller.abort(new Interrupted());
      return false;
    };
    const error = await endOf(run(made, operatorThat({ signal: controller.signal, sees })));
    expect(error).toBeInstanceOf(Interrupted);
    expect(matches(made.images(), calibrations.leader)).toBe(true);
  });

  test("a board that is pulled in the sweep", async () => {
    const made = calibratedArm();
    const sees = () => {
      made.transport.lost = true;
      return false;
    };
    const error = await endOf(run(made, operatorThat({ sees })));
    expect(error.message).toContain("the arm's calibration is as it was; calibrate it again");
    made.transport.lost = false;
    expect(matches(made.images(), calibrations.leader)).toBe(true);
  });
});

test("one joint is calibrated, and the others stay as their file has them", async () => {
  const made = calibratedArm();
  made.transport.arm
    .servo("gripper")
    .setValues({ homing_offset: 0, min_position_limit: 0, max_position_limit: 4095 });
  await run(made, operatorThat({ sees: hand(made.place, ["gripper"]) }), { joint: "gripper" });
  const after = made.store.load(leader);
  expect({ ...after, gripper: calibrations.leader.gripper }).toEqual(calibrations.leader);
  expect<number>(encoderAt(steps(2047), after.gripper.homing_offset)).toBe(MIDDLE);
  expect(matches(made.images(), after)).toBe(true);
});

describe("where nobody is there", () => {
  test("a joint that was not moved in time ends it", async () => {
    const made = newArm();
    const error = await endOf(run(made, operatorThat({ attended: false }), { sweepForS: 0.1 }));
    expect(error.message).toContain("elbow_flex (id 3) was not moved");
    expect(made.store.tryLoad(leader)).toBeInstanceOf(CalibrationError);
  });

  test("a calibration that was cut off is not replaced by a new one", async () => {
    const made = calibratedArm();
    const factory = { homing_offset: 0, range_min: 0, range_max: 4095 };
    const before = Object.fromEntries(JOINTS.map((joint) => [joint, factory])) as ServoCalibration;
    made.store.keepUnfinished(leader, { before, after: calibrations.follower });
    const operator = operatorThat({ attended: false });
    const error = await endOf(run(made, operator));
    expect(error.message).toContain('run "so101 calibration finish leader"');
    expect(operator.asked[0]).toContain("Make a new one instead?");
  });
});
