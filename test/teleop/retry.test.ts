/** What fails again and again is tried with growing pauses, and at once where that may help. */
import { expect, test } from "bun:test";
import { JOINTS } from "../../src/sim/arm/joints.ts";
import { VirtualPair } from "../support/virtual-pair.ts";

/** A servo loses its power for a moment whenever it has had its torque for 50 ms. */
function weaken(it: VirtualPair, isWeak: () => boolean): void {
  it.heard = (event) => {
    if (event.kind !== "state" || event.to !== "aligning" || !isWeak()) return;
    it.at(it.nowS + 0.05, () => {
      const servo = it.arms.boards.follower.arm.servo("elbow_flex");
      servo.powerDown(it.clock.nowUs());
      servo.powerUp(it.clock.nowUs(), { silentMs: 5 });
    });
  };
}

const alignedAt = (it: VirtualPair) =>
  it.events.flatMap(({ atS, event }) => (event.kind === "state" && event.to === "aligning" ? atS : []));

test("a servo that resets whenever it has torque is tried after 0.1, 0.2, 0.5, 1, 2 and 5 s", async () => {
  using it = new VirtualPair();
  weaken(it, () => true);
  await it.runFor(60);
  const at = alignedAt(it);
  const between = at.slice(1).map((atS, index) => atS - at[index]!);
  for (const [index, pauseS] of [0.1, 0.2, 0.5, 1, 2, 5, 5, 5].entries())
    expect(between[index]!).toBeWithin(pauseS + 0.05, pauseS + 0.3);
  expect(at.length).toBeLessThan(20);
});

test.each(["leader", "follower"] as const)("the %s plugged in again is tried at once", async (role) => {
  using it = new VirtualPair();
  let isWeak = true;
  weaken(it, () => isWeak);
  it.at(10, () => {
    isWeak = false;
    it.arms.boards[role].isPlugged = false;
  });
  it.at(10.5, () => {
    it.arms.boards[role].isPlugged = true;
  });
  await it.runFor(14);
  const pluggedUs = it.clock.nowUs() - (it.nowS - 10.5) * 1e6;
  const goal = it.arms.record.find(
    (entry) => entry.kind === "request" && entry.t > pluggedUs && entry.hex.startsWith("832a", 8),
  );
  // The promise for a cable.
  expect((goal!.t - pluggedUs) / 1e3).toBeWithin(0, 150);
});

test("ten seconds of following are health", async () => {
  using it = new VirtualPair();
  let isWeak = true;
  weaken(it, () => isWeak);
  it.at(8, () => {
    isWeak = false;
  });
  it.at(40, () => {
    const servo = it.arms.boards.follower.arm.servo("gripper");
    servo.powerDown(it.clock.nowUs());
    servo.powerUp(it.clock.nowUs(), { silentMs: 20 });
  });
  await it.runFor(45);
  expect(it.enteredAt("aligning", 40)).toBeWithin(40, 40.2);
});

test("a leader whose servos reset again and again is tried with pauses too", async () => {
  using it = new VirtualPair();
  it.heard = (event) => {
    if (event.kind !== "state" || event.to !== "aligning") return;
    it.at(it.nowS + 0.05, () => {
      for (const joint of JOINTS) {
        const servo = it.arms.boards.leader.arm.servo(joint);
        servo.powerDown(it.clock.nowUs());
        servo.powerUp(it.clock.nowUs(), { silentMs: 150 });
      }
    });
  };
  await it.runFor(60);
  expect(alignedAt(it).length).toBeLessThan(20);
});

test("while it pauses the follower can be released, and what is asked is done at once", async () => {
  using it = new VirtualPair();
  weaken(it, () => true);
  it.at(13, () => {
    it.memory.mailbox.mode = "released";
  });
  await it.runFor(16);
  expect(it.states().at(-2)).toBe("waiting");
  expect(it.torque("follower")).toEqual([false, false, false, false, false, false]);
  const released = it.events.find(
    ({ event }) => event.kind === "notice" && event.problem.code === "pair.released",
  );
  expect(released!.atS).toBeWithin(13, 14.5);
});
