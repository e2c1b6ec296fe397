import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { commandIn, observationOf } from "../../../src/lerobot/lekiwi/wire.ts";

/** As LeRobot 0.6.2's `LeKiwiClient.send_action` writes it: `json.dumps` of nine floats. */
const COMMAND =
  '{"arm_shoulder_pan.pos": -12.5, "arm_shoulder_lift.pos": 0.0, "arm_elbow_flex.pos": 1e-07, "arm_wrist_flex.pos": 99.9, ' +
  '"arm_wrist_roll.pos": -179.95604395604394, "arm_gripper.pos": 100.0, "x.vel": 0.1, "y.vel": -0.3, "theta.vel": 90.0}';
const POSITIONS = [-12.5, 0, 1e-7, 99.9, -179.95604395604394, 100];

const frame = (text: string) => new TextEncoder().encode(text);
const read = (text: string) => commandIn([frame(text)]);
const without = (key: string) => {
  const { [key]: _, ...rest } = JSON.parse(COMMAND);
  return JSON.stringify(rest);
};
const having = (key: string, value: unknown) => JSON.stringify({ ...JSON.parse(COMMAND), [key]: value });

test("a command is its six positions; what is wanted of a base is not heeded", () => {
  expect(read(COMMAND)).toEqual(POSITIONS);
  expect(read(having("x.vel", 1e9))).toEqual(POSITIONS);
  for (const key of ["x.vel", "y.vel", "theta.vel"]) expect(read(without(key))).toEqual(POSITIONS);
});

test("the names of an SO-101's own datasets do as well, all six alike", () => {
  expect(read(COMMAND.replaceAll("arm_", ""))).toEqual(POSITIONS);
  expect(read(COMMAND.replace("arm_gripper", "gripper"))).toBeUndefined();
});

describe("is no command", () => {
  test.each([
    ["a joint that is missing", without("arm_elbow_flex.pos")],
    ["NaN, as Python writes it", COMMAND.replace("99.9", "NaN")],
    ["an infinite number, as Python writes it", COMMAND.replace("99.9", "-Infinity")],
    ["a number that is too large to be one", COMMAND.replace("99.9", "1e999")],
    ["a number in quotes", having("arm_gripper.pos", "100")],
    ["null", having("arm_gripper.pos", null)],
    ["a list", having("arm_gripper.pos", [1])],
    ["true", having("arm_gripper.pos", true)],
    ["a velocity that is none", having("x.vel", "fast")],
    ["a key that is none of it", having("__proto__x", 1)],
    ["both namings at once", having("gripper.pos", 1)],
    ["a list of pairs", JSON.stringify(Object.entries(JSON.parse(COMMAND)))],
    ["JSON that is cut off", COMMAND.slice(0, -1)],
    ["two objects", COMMAND + COMMAND],
    ["an empty object", "{}"],
    ["nothing", ""],
    ["a number", "5"],
    ["null alone", "null"],
    ["deep brackets", "[".repeat(2_000)],
  ])("%s", (_, text) => {
    expect(read(text)).toBeUndefined();
  });

  test("a message of several parts, also where one of them is a command", () => {
    expect(commandIn([frame(COMMAND), frame(COMMAND)])).toBeUndefined();
    expect(commandIn([frame(""), frame(COMMAND)])).toBeUndefined();
    expect(commandIn([])).toBeUndefined();
  });

  test("bytes that are no text", () => {
    const bytes = frame(COMMAND);
    bytes[3] = 0xff;
    expect(commandIn([bytes])).toBeUndefined();
  });

  test("whatever bytes come", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => commandIn([bytes]) === undefined));
  });
});

test("an observation is LeKiwi's header without cameras, its numbers floats for Python, its base at rest", () => {
  const text = new TextDecoder().decode(observationOf([-12.5, 0, -0, 1e-7, 100, 55.78876100203114]));
  expect(text).toBe(
    '{"_cams": [], "arm_shoulder_pan.pos": -12.5, "arm_shoulder_lift.pos": 0.0, "arm_elbow_flex.pos": 0.0, ' +
      '"arm_wrist_flex.pos": 1e-7, "arm_wrist_roll.pos": 100.0, "arm_gripper.pos": 55.78876100203114, ' +
      '"x.vel": 0.0, "y.vel": 0.0, "theta.vel": 0.0}',
  );
});

test("what an observation says can be commanded", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -180, max: 180, noNaN: true }), { minLength: 6, maxLength: 6 }),
      (values) => {
        const { _cams, ...command } = JSON.parse(new TextDecoder().decode(observationOf(values)));
        expect(read(JSON.stringify(command))).toEqual(values.map((value) => value + 0));
      },
    ),
  );
});
