/** Parking because somebody asked for it, while the program goes on; in virtual time. */
import { expect, test } from "bun:test";
import { JOINTS } from "../../src/arm/joints.ts";
import { nearPose as parkPose } from "../config/park.ts";
import { VirtualPair } from "../support/virtual-pair.ts";

const OFF = [false, false, false, false, false, false];
const ON = [true, true, true, true, true, true];
/** By then a pair that began with everything follows. */
const FOLLOWS_S = 5;
/** By then a follower that was asked to park at {@link FOLLOWS_S} has done so. */
const PARKED_S = 15;

const parking = (settings: ConstructorParameters<typeof VirtualPair>[0] = {}) =>
  new VirtualPair({ ...settings, settings: { parkPose, ...settings.settings } });

/** Where the pose is, in the simulated follower's steps: it has LeRobot's calibration in its servos. */
const poseOf = (it: VirtualPair) =>
  it.arms.boards.follower.arm.servos.map((servo, index) => {
    const { min_position_limit: min, max_position_limit: max } = servo.values(it.clock.nowUs());
    const joint = JOINTS[index]!;
    const share = joint === "gripper" ? parkPose[joint] / 100 : (parkPose[joint] + 100) / 200;
    return min + share * (max - min);
  });

const isInPose = (it: VirtualPair) => {
  const pose = poseOf(it);
  return it.positions("follower").every((position, joint) => Math.abs(position - pose[joint]!) < 40);
};

const notParked = (it: VirtualPair) =>
  it.events.flatMap(({ event }) =>
    event.kind === "notice" && event.problem.code === "pair.not-parked" ? event.problem : [],
  );

test("a follower that follows goes to its parking pose, is released there, and stays so until it may go on", async () => {
  using it = parking();
  let wasInPose = false;
  it.heard = (event) => {
    if (event.kind !== "notice" || event.problem.code !== "pair.parked") return;
    wasInPose = isInPose(it);
    expect(event).toMatchObject({ severity: "info", problem: { unconfirmed: [] } });
    expect(it.torque("follower")).toEqual(OFF);
  };
  it.at(FOLLOWS_S, () => it.memory.mailbox.requestPark());
  it.at(60, () => {
    expect(it.memory.mailbox.mode).toBe("released");
    expect(it.memory.mailbox.isParkAsked).toBe(false);
    expect(it.torque("follower")).toEqual(OFF);
    it.memory.mailbox.mode = "running";
  });
  await it.runFor(70);
  expect(wasInPose).toBe(true);
  expect(it.states()).toEqual([
    ...["connecting", "aligning", "following"],
    ...["aligning", "waiting", "aligning", "following", "stopped"],
  ] as never);
  expect(it.codes(FOLLOWS_S)).toEqual([
    ...["pair.parking", "pair.parked", "pair.released"],
    ...["pair.aligning", "pair.following", "pair.stopped"],
  ]);
});

test.each(["paused", "released"] as const)("a %s follower goes there too", async (mode) => {
  using it = parking();
  it.at(FOLLOWS_S, () => {
    it.memory.mailbox.mode = mode;
  });
  it.at(FOLLOWS_S + 5, () => it.memory.mailbox.requestPark());
  await it.runFor(FOLLOWS_S + 15);
  expect(it.codes(FOLLOWS_S + 5)).toEqual(["pair.parking", "pair.parked", "pair.released", "pair.stopped"]);
  expect(it.torque("follower")).toEqual(OFF);
});

test("a follower that was never driven is checked and configured first", async () => {
  using it = parking({ scene: "calibrated" });
  it.memory.mailbox.mode = "released";
  it.memory.mailbox.requestPark();
  await it.runFor(20);
  expect(it.states().slice(0, 3)).toEqual(["connecting", "aligning", "waiting"]);
  expect(it.codes()).toContain("pair.parked");
});

test("without a pose nothing changes, and it is said", async () => {
  using it = new VirtualPair();
  it.at(FOLLOWS_S, () => it.memory.mailbox.requestPark());
  it.at(FOLLOWS_S + 3, () => expect(it.torque("follower")).toEqual(ON));
  await it.runFor(FOLLOWS_S + 5);
  expect(notParked(it)).toMatchObject([{ why: "no pose" }]);
  expect(it.memory.mailbox.mode).toBe("running");
  expect(it.states(FOLLOWS_S)).toEqual(["aligning", "following", "stopped"]);
});

test("a pair that cannot be driven keeps holding, says so, and does not park by itself later", async () => {
  using it = parking();
  it.at(FOLLOWS_S, () => {
    it.arms.boards.leader.isPlugged = false;
  });
  it.at(FOLLOWS_S + 3, () => it.memory.mailbox.requestPark());
  it.at(FOLLOWS_S + 6, () => expect(it.torque("follower")).toEqual(ON));
  it.at(FOLLOWS_S + 10, () => {
    it.arms.boards.leader.isPlugged = true;
  });
  await it.runFor(FOLLOWS_S + 20);
  expect(notParked(it)).toMatchObject([{ why: "not ready" }]);
  expect(it.codes()).not.toContain("pair.parking");
  expect(it.states().at(-2)).toBe("following");
});

test.each(["running", "paused", "released"] as const)(
  "somebody who asks for %s on the way is obeyed",
  async (mode) => {
    using it = parking();
    it.at(FOLLOWS_S, () => it.memory.mailbox.requestPark());
    it.at(FOLLOWS_S + 0.3, () => {
      it.memory.mailbox.mode = mode;
    });
    await it.runFor(PARKED_S);
    expect(notParked(it)).toMatchObject([{ why: "ended" }]);
    expect(it.codes()).not.toContain("pair.parked");
    const state = { running: "following", paused: "holding", released: "waiting" } as const;
    expect(it.states().at(-2)).toBe(state[mode]);
    expect(it.memory.mailbox.mode).toBe(mode);
  },
);

test("a configuration that is read again on the way changes the way, not that it is gone", async () => {
  using it = parking();
  it.at(FOLLOWS_S, () => it.memory.mailbox.requestPark());
  it.at(FOLLOWS_S + 0.3, () =>
    it.memory.mailbox.sendSettings({ ...it.settings, parkPose: { ...parkPose, shoulder_pan: 40 } }),
  );
  await it.runFor(PARKED_S + 5);
  expect(notParked(it)).toEqual([]);
  expect(it.codes()).toContain("pair.parked");
});

test("a joint that something keeps from the pose is named, and the follower released where it is", async () => {
  using it = parking();
  const elbow = it.arms.boards.follower.arm.servos[2]!.actuator.motor;
  it.at(FOLLOWS_S, () => {
    elbow.block(elbow.position - 40);
    it.memory.mailbox.requestPark();
  });
  await it.runFor(PARKED_S + 5);
  expect(notParked(it)).toMatchObject([{ why: "not there", joints: ["elbow_flex"], unconfirmed: [] }]);
  expect(it.torque("follower")).toEqual(OFF);
  expect(it.memory.mailbox.mode).toBe("released");
});

test("a board that is pulled on the way ends it", async () => {
  using it = parking();
  it.at(FOLLOWS_S, () => it.memory.mailbox.requestPark());
  it.at(FOLLOWS_S + 0.5, () => {
    it.arms.boards.follower.isPlugged = false;
  });
  it.at(FOLLOWS_S + 10, () => {
    it.arms.boards.follower.isPlugged = true;
  });
  await it.runFor(FOLLOWS_S + 20);
  expect(notParked(it)).toMatchObject([{ why: "not ready" }]);
  expect(it.codes()).not.toContain("pair.parked");
});

test("a servo that does not confirm its release is named", async () => {
  using it = parking();
  it.at(FOLLOWS_S, () => it.memory.mailbox.requestPark());
  // Writes of one byte to the gripper's torque (register 40) are not heard.
  it.arms.boards.follower.hears = (packet) => !(packet[2] === 6 && packet[4] === 3 && packet[5] === 40);
  await it.runFor(PARKED_S);
  const told = it.events.flatMap(({ event }) =>
    event.kind === "notice" && event.problem.code === "pair.parked" ? event : [],
  );
  expect(told).toMatchObject([{ severity: "warning", problem: { unconfirmed: ["gripper"] } }]);
});

test("a slow way has signs of life all along: nobody takes it for a program that hangs", async () => {
  using it = parking({ settings: { alignSpeedDegPerS: 5 } });
  const beats: number[] = [];
  it.at(40, () => it.memory.mailbox.requestPark());
  for (let second = 41; second < 45; second++) {
    it.at(second, () => beats.push(it.memory.telemetry.heartbeat));
  }
  it.at(45, () => it.memory.mailbox.requestEnd("stop"));
  await it.pair.run();
  for (const [index, beat] of beats.entries())
    if (index > 0) expect(beat - beats[index - 1]!).toBeGreaterThan(100);
});

test("also at a stop", async () => {
  using it = parking({ settings: { alignSpeedDegPerS: 5, onStop: "park" } });
  const beats: number[] = [];
  for (let second = 41; second < 45; second++) {
    it.at(second, () => beats.push(it.memory.telemetry.heartbeat));
  }
  await it.runFor(40);
  expect(beats.length).toBeGreaterThan(1);
  for (const [index, beat] of beats.entries())
    if (index > 0) expect(beat - beats[index - 1]!).toBeGreaterThan(100);
});
