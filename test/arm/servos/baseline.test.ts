import { expect, test } from "bun:test";
import { JOINTS, type JointName, type Role } from "../../../src/arm/joints.ts";
import { differences, looksLikeFollower } from "../../../src/arm/servos/baseline.ts";
import { ServoImage } from "../../../src/arm/servos/servo-image.ts";
import { registers } from "../../../src/feetech/registers.ts";
import { armImages, calibrations, servoImage } from "../arms.ts";

const found = (role: Role, joint: JointName, image = servoImage()) =>
  Object.fromEntries(differences(role, joint, image).map(({ register, value }) => [register, value]));

test("a leader's servo from the factory lacks what LeRobot sets in every servo", () => {
  expect(found("leader", "gripper")).toEqual({ return_delay_time: 0, acceleration: 254 });
});

test("a follower's body servo gets its gains, and its torque limit is left to whoever energises it", () => {
  const image = servoImage({ torque_limit: 0 });
  expect(found("follower", "elbow_flex", image)).toEqual({
    return_delay_time: 0,
    p_coefficient: 16,
    acceleration: 254,
  });
});

test("whatever a servo was set to before, it is brought back", () => {
  const strange = servoImage({
    operating_mode: 3,
    response_status_level: 0,
    i_coefficient: 8,
    d_coefficient: 0,
  });
  expect(found("leader", "wrist_flex", strange)).toMatchObject({
    operating_mode: 0,
    response_status_level: 1,
  });
  expect(found("follower", "wrist_flex", strange)).toMatchObject({
    operating_mode: 0,
    response_status_level: 1,
    i_coefficient: 0,
    d_coefficient: 32,
  });
});

test("a follower's gripper is protected against burning", () => {
  expect(found("follower", "gripper")).toMatchObject({
    max_torque_limit: 500,
    protection_current: 250,
    overload_torque: 25,
  });
});

test("of phase only the multi-turn bit is cleared", () => {
  expect(found("leader", "wrist_roll", servoImage({ phase: 0b0111_1101 })).phase).toBe(0b0110_1101);
  expect(found("leader", "wrist_roll", servoImage({ phase: 0b0010_1101 })).phase).toBeUndefined();
});

test("a servo that holds everything has no difference", () => {
  for (const role of ["leader", "follower"] as const) {
    for (const [i, image] of armImages(role, calibrations[role]).entries()) {
      expect(differences(role, JOINTS[i]!, image, 254)).toEqual([]);
    }
  }
});

test("the maximum acceleration, outside the image, is compared when it is given", () => {
  expect(differences("leader", "gripper", armImages("leader", calibrations.leader)[5]!, 0)).toEqual([
    { register: "maximum_acceleration", value: 254, area: registers.maximum_acceleration.area },
  ]);
});

test("EEPROM comes before RAM, and each register says where it is", () => {
  const areas = differences("follower", "gripper", servoImage(), 0).map(({ area }) => area);
  expect(areas).toEqual([...areas].sort());
  expect(new Set(areas)).toEqual(new Set(["eeprom", "ram"]));
});

test("whatever a servo holds, it is never told torque, a goal, an id, a baud rate or a calibration", () => {
  const forbidden =
    /^(torque_enable|goal_.*|id|baud_rate|homing_offset|min_position_limit|max_position_limit|lock)$/;
  for (const fill of [0x00, 0x55, 0xaa, 0xff]) {
    const image = new ServoImage(new Uint8Array(71).fill(fill));
    for (const role of ["leader", "follower"] as const) {
      for (const joint of JOINTS) {
        const names = differences(role, joint, image, fill).map(({ register }) => register);
        expect(names.length).toBeGreaterThan(0);
        expect(names.filter((name) => forbidden.test(name))).toEqual([]);
      }
    }
  }
});

test("a follower's gains are those that are wanted, and a leader's are left alone", () => {
  const gains = { p: 24, i: 1, d: 40 };
  const of = (role: Role, joint: JointName) =>
    Object.fromEntries(
      differences(role, joint, servoImage(), undefined, gains).map(({ register, value }) => [
        register,
        value,
      ]),
    );
  const wanted = { p_coefficient: 24, i_coefficient: 1, d_coefficient: 40 };
  expect(of("follower", "elbow_flex")).toMatchObject(wanted);
  expect(of("follower", "gripper")).toMatchObject({ ...wanted, max_torque_limit: 500 });
  expect(Object.keys(of("leader", "elbow_flex"))).not.toContain("p_coefficient");
});

test("a follower is known by its gripper's protection, all of it, whatever its gains", () => {
  const images = armImages("follower", calibrations.follower);
  expect(looksLikeFollower(images)).toBe(true);
  const stiff = { p_coefficient: 32, i_coefficient: 2, d_coefficient: 0 };
  expect(
    looksLikeFollower(armImages("follower", calibrations.follower, { elbow_flex: stiff, gripper: stiff })),
  ).toBe(true);
  expect(looksLikeFollower(armImages("leader", calibrations.leader))).toBe(false);
  expect(looksLikeFollower([...images.slice(0, 5), null])).toBe(false);
  const unprotected = armImages("follower", calibrations.follower, { gripper: { overload_torque: 80 } });
  expect(looksLikeFollower(unprotected)).toBe(false);
});
