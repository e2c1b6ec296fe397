/** What a pair leaves behind when it ends, or is ended: no speed limit of ours, and no joint driven. */
import { describe, expect, test } from "bun:test";
import { JOINTS } from "../../src/sim/arm/joints.ts";
import type { PairSettings } from "../../src/teleop/settings.ts";
import { type Choices, VirtualPair } from "../support/virtual-pair.ts";

const NO_LIMIT = [0, 0, 0, 0, 0, 0];
const OFF = [false, false, false, false, false, false];
const ON = [true, true, true, true, true, true];

const valuesOf = (it: VirtualPair) =>
  it.arms.boards.follower.arm.servos.map((servo) => servo.values(it.clock.nowUs()));
const velocities = (it: VirtualPair) => valuesOf(it).map(({ goal_velocity }) => goal_velocity);

/** Something keeps the follower's elbow from going where the leader's is. */
function blockElbow(it: VirtualPair): void {
  const { motor } = it.arms.boards.follower.arm.servo("elbow_flex").actuator;
  motor.block(motor.position - 1);
  it.arms.boards.leader.arm.servo("elbow_flex").actuator.motor.position -= 1000;
}

/** A pair that aligns for long. */
const slow = (settings: Partial<PairSettings> = {}, choices: Choices = {}) =>
  new VirtualPair({ ...choices, settings: { alignSpeedDegPerS: 10, ...settings } });

describe("a speed limit of ours does not stay in the servos", () => {
  test.each([
    ["relax", "stop", OFF],
    ["relax", "stopQuickly", OFF],
    ["hold", "stop", ON],
    ["relax", "handOver", ON],
  ] as const)("on_stop = %s, asked to %s while it aligns", async (onStop, ending, torque) => {
    using it = slow({ onStop });
    it.at(0.6, () => {
      expect(velocities(it).some((velocity) => velocity !== 0)).toBe(true);
      it.memory.mailbox.requestEnd(ending);
    });
    await it.runFor(5);
    expect(it.states()).toEqual(["connecting", "aligning", "stopped"]);
    expect(velocities(it)).toEqual(NO_LIMIT);
    expect(it.torque("follower")).toEqual([...torque]);
  });

  test.each([
    ["stop", 45],
    ["handOver", 45],
    ["stop", 5],
    ["stop", 180],
    ["stopQuickly", 45],
  ] as const)(
    "a joint that something stops is led to where it is first, asked to %s, at %d °/s",
    async (ending, alignSpeedDegPerS) => {
      using it = slow({ onStop: "hold", alignSpeedDegPerS });
      const elbow = it.arms.boards.follower.arm.servo("elbow_flex").actuator;
      blockElbow(it);
      let leadS = 0;
      it.at(10, () => {
        const { goal_position: goal } = valuesOf(it)[2]!;
        const lead = Math.abs(goal - elbow.position);
        expect(lead).toBeGreaterThan(200);
        leadS = (lead * 360) / 4096 / alignSpeedDegPerS;
        it.memory.mailbox.requestEnd(ending);
      });
      await it.runFor(30);
      const { goal_position, present_position, goal_velocity, torque_enable } = valuesOf(it)[2]!;
      expect(Math.abs(goal_position - present_position)).toBeLessThanOrEqual(34);
      expect([goal_velocity, torque_enable]).toEqual([0, 1]);
      expect(velocities(it)).toEqual(NO_LIMIT);
      expect(it.nowS - 10).toBeWithin(leadS - 0.15, leadS + 0.3);
    },
  );

  test("when nobody is connected any more, and the follower still holds", async () => {
    using it = slow({ onStop: "hold" });
    it.at(0.6, () => {
      it.arms.boards.leader.isPlugged = false;
    });
    await it.runFor(5);
    expect(it.states()).toEqual(["connecting", "aligning", "waiting", "stopped"]);
    expect(it.torque("follower")).toEqual(ON);
    expect(velocities(it)).toEqual(NO_LIMIT);
  });

  test("with a dead servo among the others", async () => {
    using it = slow({ onStop: "hold" });
    it.at(0.6, () => {
      it.arms.boards.follower.arm.faultsOf("gripper").silent = true;
    });
    await it.runFor(5);
    expect(velocities(it).slice(0, 5)).toEqual(NO_LIMIT.slice(1));
  });

  test("after the follower was released on demand, and after it was held for too long", async () => {
    using asked = slow();
    asked.at(0.6, () => {
      asked.memory.mailbox.mode = "released";
    });
    asked.at(3, () => expect(velocities(asked)).toEqual(NO_LIMIT));
    await asked.runFor(4);
    using held = slow({ holdForS: 2 });
    held.at(0.6, () => {
      held.arms.boards.leader.isPlugged = false;
    });
    held.at(5, () => {
      expect(held.torque("follower")).toEqual(OFF);
      expect(velocities(held)).toEqual(NO_LIMIT);
    });
    await held.runFor(6);
  });

  test("where a killed program has left it, the next connection lifts it", async () => {
    using it = new VirtualPair({ settings: { start: "on leader motion" } });
    for (const servo of it.arms.boards.follower.arm.servos) servo.setValues({ goal_velocity: 640 });
    it.at(1, () => expect(velocities(it)).toEqual(NO_LIMIT));
    await it.runFor(2);
    expect(it.states()).toEqual(["connecting", "waiting", "stopped"]);
  });

  test("nor in a follower that is found without torque at the end", async () => {
    using it = new VirtualPair({ uncalibrated: true });
    for (const servo of it.arms.boards.follower.arm.servos) servo.setValues({ goal_velocity: 640 });
    await it.runFor(2);
    expect(it.states()).toEqual(["connecting", "faulted", "stopped"]);
    expect(velocities(it)).toEqual(NO_LIMIT);
  });
});

describe("a loss of power", () => {
  const parkPose = {
    ...{ shoulder_pan: 0, shoulder_lift: 0, elbow_flex: 0, wrist_flex: 0, wrist_roll: 0, gripper: 20 },
  };

  test.each(JOINTS.flatMap((joint) => [5, 20, 100].map((silentMs) => [joint, silentMs] as const)))(
    "of %s for %d ms while the follower is parked ends that, and nothing is driven",
    async (joint, silentMs) => {
      using it = new VirtualPair({ settings: { onStop: "park", parkPose } });
      it.at(3, () => it.memory.mailbox.requestEnd("stop"));
      it.at(3.2, () => {
        const servo = it.arms.boards.follower.arm.servo(joint);
        servo.powerDown(it.clock.nowUs());
        servo.powerUp(it.clock.nowUs(), { silentMs });
      });
      await it.runFor(20);
      expect(it.events.at(-1)!.event).toMatchObject({ kind: "stopped", left: "released" });
      expect(it.torque("follower")).toEqual(OFF);
      expect(velocities(it)).toEqual(NO_LIMIT);
    },
  );

  const moments = Array.from({ length: 20 }, (_, index) => Math.round(3200 + index * 5.27) / 1e3);

  test.each(moments)(
    "of little more than a tick is noticed before the next goal, also at %d s",
    async (atS) => {
      using it = new VirtualPair({ settings: { onStop: "park", parkPose } });
      it.at(3, () => it.memory.mailbox.requestEnd("stop"));
      it.at(atS, () => {
        const servo = it.arms.boards.follower.arm.servo("elbow_flex");
        servo.powerDown(it.clock.nowUs());
        servo.powerUp(it.clock.nowUs(), { silentMs: 6 });
      });
      await it.runFor(20);
      expect(it.torque("follower")).toEqual(OFF);
    },
  );

  test("while the follower is led to where it is ends that, and nothing is driven", async () => {
    using it = slow({ onStop: "hold", alignSpeedDegPerS: 45 });
    blockElbow(it);
    it.at(2, () => it.memory.mailbox.requestEnd("stop"));
    it.at(2.2, () => {
      for (const servo of it.arms.boards.follower.arm.servos) {
        servo.powerDown(it.clock.nowUs());
        servo.powerUp(it.clock.nowUs(), { silentMs: 6 });
      }
    });
    await it.runFor(10);
    expect(velocities(it)).toEqual(NO_LIMIT);
    expect(it.torque("follower")).toEqual(OFF);
  });
});
