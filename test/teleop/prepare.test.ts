import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CalibrationStore } from "../../src/arm/calibration/store.ts";
import { readFiles } from "../../src/arm/checks/inspect.ts";
import { JOINTS, ROLES, type Role } from "../../src/arm/joints.ts";
import { Bus } from "../../src/feetech/bus.ts";
import { BusError } from "../../src/feetech/bus-error.ts";
import { registers } from "../../src/feetech/registers.ts";
import { VirtualClock } from "../../src/sim/testing/clock.ts";
import { SimulatedTransport } from "../../src/sim/testing/transport.ts";
import { checkPair, configurePair, type ReachedArm, readPair } from "../../src/teleop/prepare.ts";
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

/** Both arms, checked against their files. */
function check(leader: ReachedArm, follower: ReachedArm) {
  const store = new CalibrationStore(root);
  const files = { leader: readFiles(store, leader), follower: readFiles(store, follower) };
  return checkPair(readPair(leader, follower), { files });
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
  const checked = check(arms.leader, arms.follower);
  expect(checked.faults).toEqual([]);
  expect(configurePair(checked)).toEqual({
    stuck: {
      code: "servo.eeprom",
      arm: { role, id: "me" },
      id: 3,
      joint: "elbow_flex",
      register: "return_delay_time",
      value: 0,
    },
  });
});

test("what is wrong with an arm is told as its checks found it", () => {
  const { leader, follower } = pair();
  follower.transport.arm.servo("gripper").setValues({ homing_offset: 7 });
  const { faults, mayPass } = check(leader, follower);
  expect(faults).toMatchObject([
    {
      code: "calibration.mismatch",
      arm: { role: "follower", id: "me" },
      differences: [{ joint: "gripper", key: "homing_offset", held: 7 }],
    },
  ]);
  expect(mayPass).toBe(true);
});

/** Both arms, of which the follower's elbow needs EEPROM while its torque is on. */
function working() {
  const arms = pair();
  arms.follower.transport.arm.servo("elbow_flex").setValues({ return_delay_time: 250, torque_enable: 1 });
  const checked = check(arms.leader, arms.follower);
  arms.follower.transport.sent.length = 0;
  return { ...arms, checked };
}

/** The addresses of what was written to a servo, to it alone or to several, in order. */
function writtenTo(id: number, sent: readonly Uint8Array[]): number[] {
  return sent.flatMap((packet) => {
    const alone = packet[2] === id && packet[4] === 0x03;
    const together = packet[4] === 0x83;
    return alone || together ? packet[5]! : [];
  });
}

test("a follower that works is released softly before anything of its EEPROM is written", () => {
  const { follower, checked } = working();
  expect(configurePair(checked)).toMatchObject({ follower: { marks: new Array(6).fill(254) } });
  const written = writtenTo(3, follower.transport.sent);
  const off = written.indexOf(registers.torque_enable.address);
  const eeprom = written.findIndex((address) => address < registers.torque_enable.address);
  expect(written.slice(0, off)).toEqual(new Array(20).fill(registers.torque_limit.address));
  expect(eeprom).toBeGreaterThan(off);
  expect(follower.bus.read(3, "return_delay_time")).toBe(0);
});

test("a servo that does not confirm that it is released gets nothing written to its EEPROM", () => {
  const { follower, checked } = working();
  // Requests to it arrive, its acknowledgements do not.
  follower.transport.onReply = (bytes) => (bytes[2] === 3 && bytes[3] === 2 ? new Uint8Array() : bytes);
  expect(() => configurePair(checked)).toThrow(BusError);
  const written = writtenTo(3, follower.transport.sent);
  expect(written).toContain(registers.torque_enable.address);
  expect(written.filter((address) => address < registers.torque_enable.address)).toEqual([]);
});

test("a servo that falls silent while the arms are checked is named", () => {
  const { leader, follower } = pair();
  leader.transport.onReply = (bytes) => (bytes[2] === 5 ? new Uint8Array() : bytes);
  expect(() => check(leader, follower)).toThrow(
    expect.objectContaining({ bus: leader.bus, id: 5, trouble: "timeout" }),
  );
});
