import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CalibrationStore } from "../../src/arm/calibration/store.ts";
import { JOINTS, ROLES, type Role } from "../../src/arm/joints.ts";
import { Bus } from "../../src/feetech/bus.ts";
import { registers } from "../../src/feetech/registers.ts";
import { VirtualClock } from "../../src/sim/testing/clock.ts";
import { SimulatedTransport } from "../../src/sim/testing/transport.ts";
import { checkPair, configurePair } from "../../src/teleop/prepare.ts";
import { calibrations } from "../arm/arms.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "so101-prepare-"));
});
afterEach(() => rmSync(root, { recursive: true }));

/** An arm that is calibrated and else as from the factory, on a line that answers at once. */
function reached(role: Role, clock: VirtualClock) {
  const transport = new SimulatedTransport(undefined, undefined, clock);
  for (const joint of JOINTS) {
    const { homing_offset, range_min, range_max } = calibrations[role][joint];
    const held = { homing_offset, min_position_limit: range_min, max_position_limit: range_max };
    transport.arm.servo(joint).setValues(held);
  }
  const access = role === "leader" ? "torque off" : "drive";
  return { role, id: "me", transport, bus: new Bus(transport, { access, clock }) };
}

/** Both arms, with files of what they hold. */
function pair() {
  for (const role of ROLES) new CalibrationStore(root).save({ role, id: "me" }, calibrations[role]);
  const clock = new VirtualClock();
  return { leader: reached("leader", clock), follower: reached("follower", clock) };
}

test.each(ROLES)("EEPROM of the %s that does not take a value is told of that arm", (role) => {
  const arms = pair();
  const servo = arms[role].transport.arm.servo("elbow_flex");
  const write = servo.write.bind(servo);
  const { address: worn } = registers.return_delay_time;
  servo.setValues({ return_delay_time: 250 });
  servo.write = (data, at, address, count, now) => {
    if (address !== worn) write(data, at, address, count, now);
  };
  const checked = checkPair(arms.leader, arms.follower, root);
  expect(checked.faults).toEqual([]);
  expect(configurePair(checked)).toEqual({
    code: "servo.eeprom",
    arm: { role, id: "me" },
    id: 3,
    joint: "elbow_flex",
    register: "return_delay_time",
    value: 0,
  });
});

test("what is wrong with an arm is told as its checks found it", () => {
  const { leader, follower } = pair();
  follower.transport.arm.servo("gripper").setValues({ homing_offset: 7 });
  const { faults, mayPass } = checkPair(leader, follower, root);
  expect(faults).toMatchObject([
    {
      code: "calibration.mismatch",
      arm: { role: "follower", id: "me" },
      differences: [{ joint: "gripper", key: "homing_offset", held: 7 }],
    },
  ]);
  expect(mayPass).toBe(true);
});
