/** Pairs whose servos' firmware takes values otherwise than most: they are followed, or it is said what is wrong. */
import { describe, expect, test } from "bun:test";
import { registers } from "../../src/feetech/registers.ts";
import { JOINTS, type JointName } from "../../src/sim/arm/joints.ts";
import type { Firmware } from "../../src/sim/servo/firmware.ts";
import { VirtualPair } from "../support/virtual-pair.ts";

const FOLLOWS_S = 5;
const OFF = [false, false, false, false, false, false];

function pairWith(firmware: Partial<Firmware>): VirtualPair {
  const it = new VirtualPair();
  for (const { arm } of Object.values(it.arms.boards))
    for (const servo of arm.servos) Object.assign(servo.firmware, firmware);
  return it;
}

/** Address and value of what was written to all servos of the follower at once, where all got the same. */
function writesToAll(it: VirtualPair): [address: number, value: number][] {
  return it.arms.record.flatMap((entry) => {
    if (entry.kind !== "request" || entry.arm !== "follower") return [];
    const packet = Uint8Array.fromHex(entry.hex);
    return packet[4] === 0x83 ? [[packet[5]!, packet[8]!] as [number, number]] : [];
  });
}

/** How far outside of its lowest limit a joint of the follower is put. */
function putOutside(it: VirtualPair, joint: JointName, steps: number): void {
  const { actuator } = it.arms.boards.follower.arm.servo(joint);
  const { min_position_limit } = it.arms.boards.follower.arm.servo(joint).values(it.clock.nowUs());
  actuator.motor.position = actuator.shaftAt(min_position_limit - steps);
}

describe("accelerations", () => {
  test("are written as LeRobot does: the maximum first, the lock open, and closed again", async () => {
    using it = pairWith({});
    await it.runFor(2);
    const { lock, maximum_acceleration, acceleration } = registers;
    expect(writesToAll(it).slice(0, 4)).toEqual([
      [lock.address, 0],
      [maximum_acceleration.address, 254],
      [acceleration.address, 254],
      [lock.address, 1],
    ]);
  });

  test.each([
    ["by the maximum, which is written with the lock open", { clampsAcceleration: true }],
    ["to a value of its own", { highestAcceleration: 150 }],
    ["to what it has at power-on", { highestAcceleration: 0 }],
  ])("that the firmware clamps %s are no sign of a lost power", async (_, firmware) => {
    using it = pairWith(firmware);
    await it.runFor(20);
    expect(it.states()).toEqual(["connecting", "aligning", "following", "stopped"]);
  });

  test.each([
    ["by the maximum", { clampsAcceleration: true }],
    ["to a value of its own", { highestAcceleration: 150 }],
    ["to what it has at power-on", { highestAcceleration: 0 }],
  ])(
    "that the firmware clamps %s: a servo that loses its power is noticed all the same",
    async (_, firmware) => {
      using it = pairWith(firmware);
      for (const atS of [0.5, FOLLOWS_S + 5]) {
        it.at(atS, () => {
          const servo = it.arms.boards.follower.arm.servo("elbow_flex");
          servo.powerDown(it.clock.nowUs());
          servo.powerUp(it.clock.nowUs(), { silentMs: 100 });
        });
      }
      await it.runFor(20);
      expect<string[]>(it.states()).toEqual([
        ...["connecting", "aligning", "waiting", "connecting", "aligning", "following"],
        ...["waiting", "connecting", "aligning", "following", "stopped"],
      ]);
    },
  );

  test("that say nothing: a servo that comes back with its torque on while it aligns is told by its goal velocity", async () => {
    using it = pairWith({ highestAcceleration: 0 });
    it.at(0.5, () => {
      const servo = it.arms.boards.follower.arm.servo("elbow_flex");
      servo.powerDown(it.clock.nowUs());
      servo.powerUp(it.clock.nowUs(), { silentMs: 8, torqueOn: true });
    });
    await it.runFor(10);
    expect(it.codes()).toContain("servo.reset");
    expect(it.states().at(-2)).toBe("following");
  });
});

test("a lock that was left open is closed", async () => {
  using it = pairWith({});
  for (const { arm } of Object.values(it.arms.boards))
    for (const servo of arm.servos)
      servo.setValues({ lock: 0, acceleration: 254, maximum_acceleration: 254 });
  await it.runFor(1);
  for (const { arm } of Object.values(it.arms.boards))
    for (const servo of arm.servos) expect(servo.values(it.clock.nowUs()).lock).toBe(1);
});

describe("firmware that takes no goal outside of the position limits", () => {
  test.each(
    JOINTS.filter((joint) => joint !== "wrist_roll").flatMap((joint) =>
      [false, true].map((goalsLeaveTorque) => [joint, goalsLeaveTorque] as const),
    ),
  )(
    "energises %s up to 5° outside of them, whether its goals leave the torque as it is: %p",
    async (joint, goalsLeaveTorque) => {
      using it = pairWith({ clampsGoals: true, goalsLeaveTorque });
      putOutside(it, joint, 56);
      await it.runFor(10);
      expect(it.states()).toEqual(["connecting", "aligning", "following", "stopped"]);
    },
  );

  test.each([false, true])(
    "does not energise a joint further outside, whether its goals leave the torque as it is: %p",
    async (goalsLeaveTorque) => {
      using it = pairWith({ clampsGoals: true, goalsLeaveTorque });
      putOutside(it, "elbow_flex", 137);
      let torque: boolean[] = [];
      it.at(15, () => {
        torque = it.torque("follower");
        putOutside(it, "elbow_flex", -20);
      });
      await it.runFor(25);
      expect(it.states()).toEqual([
        "connecting",
        "faulted",
        "connecting",
        "aligning",
        "following",
        "stopped",
      ]);
      expect(torque).toEqual(OFF);
      const problems = it.events.flatMap(({ event }) => ("reasons" in event ? event.reasons : []));
      expect(problems.find(({ code }) => code === "joint.out-of-range")).toMatchObject({
        arm: { role: "follower" },
        joint: "elbow_flex",
        degrees: 12,
      });
      // Nothing is energised, but for one look with no force at all.
      const energised = it.arms.record.filter(
        (entry) => entry.kind === "event" && entry.event === "energised",
      );
      expect(energised.filter(({ t }) => t < it.clock.nowUs() - 11e6).length).toBeLessThanOrEqual(1);
    },
  );
});

test("other firmware takes a joint from outside of its range back into it, slowly", async () => {
  using it = pairWith({});
  putOutside(it, "elbow_flex", 137);
  await it.runFor(10);
  expect(it.states()).toEqual(["connecting", "aligning", "following", "stopped"]);
});
