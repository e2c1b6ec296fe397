import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CalibrationStore } from "../../../src/arm/calibration/store.ts";
import { JOINTS, type JointName, ROLES, type Role } from "../../../src/arm/joints.ts";
import { torqueState } from "../../../src/arm/servos/release.ts";
import { Bus } from "../../../src/feetech/bus.ts";
import { systemClock } from "../../../src/linux/clock.ts";
import { SimulatedArm } from "../../../src/sim/arm/arm.ts";
import { SimulatedTransport } from "../../../src/sim/testing/transport.ts";
import type { OpenArm } from "../../../src/workflows/arm-session.ts";
import { compareOpenArms } from "../../../src/workflows/calibration/compare.ts";
import { Interrupted } from "../../../src/workflows/errors.ts";
import { calibrations } from "../../arm/arms.ts";
import { type Script, ScriptedOperator } from "../../support/scripted-operator.ts";

setDefaultTimeout(30_000);

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "so101-compare-"));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Where the joints of the arms stand that are not where the others are. */
type Shares = { readonly [joint in JointName]?: (share: number, role: Role) => number };

/** A calibrated pair on lines that answer at once, and a hand that puts both arms at a share of each joint's range. */
function newPair() {
  const transports = Object.fromEntries(
    ROLES.map((role) => [
      role,
      new SimulatedTransport(new SimulatedArm(role, systemClock.nowUs()), undefined, systemClock),
    ]),
  ) as Record<Role, SimulatedTransport>;
  const calibrationStore = new CalibrationStore(root);
  const armIn = (role: Role): OpenArm => ({
    role,
    id: role,
    name: `${role} "${role}"`,
    port: `/dev/${role}`,
    calibrationDir: root,
    calibrations: calibrationStore,
    bus: new Bus(transports[role], { access: "torque off", nameOf: (id) => JOINTS[id - 1]! }),
  });
  for (const role of ROLES) {
    for (const joint of JOINTS) {
      const { homing_offset, range_min, range_max } = calibrations[role][joint];
      const values = { homing_offset, min_position_limit: range_min, max_position_limit: range_max };
      transports[role].arm.servo(joint).setValues(values);
    }
    calibrationStore.save({ role, id: role }, calibrations[role]);
  }
  const pose = (share: number, others: Shares = {}) => {
    for (const role of ROLES) {
      for (const joint of JOINTS) {
        const { range_min: min, range_max: max } = calibrations[role][joint];
        const own = others[joint]?.(share, role) ?? share;
        const { actuator } = transports[role].arm.servo(joint);
        actuator.motor.position = actuator.shaftAt(Math.round(min + own * (max - min)));
      }
    }
  };
  return { arms: { leader: armIn("leader"), follower: armIn("follower") }, transports, pose };
}

type Pair = ReturnType<typeof newPair>;

/** A person who puts both arms into the poses that are asked for. */
const person = ({ pose }: Pair, others: Shares = {}, script: Script = {}) =>
  new ScriptedOperator({
    ...script,
    hears(message) {
      if (message.startsWith("First pose:")) pose(0.3, others);
      if (message.startsWith("Second pose:")) pose(0.6, others);
    },
  });

test("two arms that agree are said to, with the figures of each joint", async () => {
  const pair = newPair();
  const operator = person(pair);
  expect(await compareOpenArms(pair.arms, operator)).toEqual({ agree: true });
  expect(operator.heard.at(-1)).toBe('done: leader "leader" and follower "follower" agree within 5°.');
  expect(operator.heard.at(-2)).toMatch(/gripper +[+-]?0\.\d° +[+-]?0\.\d°$/);
  expect(operator.events.at(-1)).toMatchObject({
    event: "compared",
    joints: JOINTS.map((joint) => ({ joint, agreement: "agrees" })),
  });
});

test("a joint that is apart is named, with how, by how much, and what to do", async () => {
  const pair = newPair();
  const { range_min: min, range_max: max } = calibrations.follower.elbow_flex;
  const operator = person(pair, {
    gripper: (share, role) => (role === "follower" ? 1 - share : share),
    elbow_flex: (share, role) => share + (role === "follower" ? (17 * 4096) / 360 / (max - min) : 0),
  });
  expect(await compareOpenArms(pair.arms, operator)).toEqual({ agree: false });
  const faults = operator.heard.filter((line) => line.startsWith("fault: "));
  expect(faults).toHaveLength(2);
  expect(faults[0]).toContain(
    "elbow_flex (id 3) of the two arms is apart by 17° in both poses: one of the two was calibrated in another way — ",
  );
  expect(faults[0]).toContain('"so101 calibrate follower --joint elbow_flex"');
  expect(faults[1]).toMatch(
    /^fault: gripper \(id 6\) of the two arms is apart by \d+° in the first pose and \d+° in the second: the follower's turns the other way — set "drive_mode" of gripper in .*so101_follower\/follower\.json to 1, then compare again$/,
  );
});

test("the follower is released first, once the person agrees, and no torque is switched on", async () => {
  const pair = newPair();
  for (const servo of pair.transports.follower.arm.servos) servo.setValues({ torque_enable: 1 });
  const refused = person(pair, {}, { answer: () => false });
  expect(compareOpenArms(pair.arms, refused)).rejects.toBeInstanceOf(Interrupted);
  expect(torqueState(pair.arms.follower.bus)).toBe("on");
  const operator = person(pair);
  expect(await compareOpenArms(pair.arms, operator)).toEqual({ agree: true });
  expect(operator.asked[0]).toContain(
    'follower "follower" holds its pose. Keep a hand under it: may it be released?',
  );
  for (const role of ROLES) expect(torqueState(pair.arms[role].bus)).toBe("off");
});

test("a joint that was not turned is asked about, and left out when the person says so", async () => {
  const pair = newPair();
  const operator = person(
    pair,
    { wrist_roll: () => 0.3 },
    { answer: (question) => !question.startsWith("Turn it now?") },
  );
  expect(await compareOpenArms(pair.arms, operator)).toEqual({ agree: true });
  const heard = operator.heard.join("\n");
  expect(heard).toContain("wrist_roll (id 5) stands where it did: turn it by 20° or more, in both arms.");
  expect(heard).toContain(
    "warning: not turned: wrist_roll (id 5) — whether both arms turn the same way there is not known.",
  );
});

test("arms that could not be teleoperated are not compared", async () => {
  const pair = newPair();
  pair.transports.leader.arm.servo("gripper").setValues({ min_position_limit: 0, max_position_limit: 4095 });
  const operator = person(pair);
  await expect(compareOpenArms(pair.arms, operator)).rejects.toThrow(
    'leader "leader": its servos do not hold the calibration of its file',
  );
  expect(operator.asked).toEqual([]);
});

test("where nobody is there the second pose is taken once every joint was turned and stands", async () => {
  const pair = newPair();
  const operator = person(pair, {}, { attended: false });
  const startedAt = performance.now();
  expect(await compareOpenArms(pair.arms, operator)).toEqual({ agree: true });
  expect(performance.now() - startedAt).toBeGreaterThan(3_000);
});
