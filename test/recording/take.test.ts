import { expect, test } from "bun:test";
import type { ApiSample } from "../../src/api/protocol.ts";
import type { Calibration } from "../../src/arm/calibration/calibration.ts";
import { idOf, JOINTS } from "../../src/arm/joints.ts";
import { EpisodeTake } from "../../src/recording/take.ts";

const calibration = (min: number, max: number): Calibration =>
  Object.fromEntries(
    JOINTS.map((joint) => [
      joint,
      { id: idOf(joint), drive_mode: 0, homing_offset: 0, range_min: min, range_max: max },
    ]),
  ) as Calibration;

const FPS = 10;
/** A take of 100 frames at most. */
const aTake = (mode: "range" | "degrees" = "range") =>
  new EpisodeTake(FPS, 100, { leader: calibration(1000, 3000), follower: calibration(500, 1500), mode });

/** The sample of a frame, 0.1 s after the one before; the leader's joints 20 steps on in each. */
const sample = (frame: number, change: Partial<ApiSample> = {}): ApiSample => ({
  timeUs: 1e9 + frame * 1e5,
  followerUs: 1e9 + frame * 1e5 - 3_000,
  state: "following",
  leader: JOINTS.map(() => 1000 + 20 * frame),
  goals: JOINTS.map(() => 700),
  follower: JOINTS.map(() => 600),
  ...{ lost: 0, frame },
  ...change,
});

test("an action is the leader's position and a state the follower's, each normalised by its own calibration", () => {
  const take = aTake();
  take.take(sample(0, { leader: [1000, 2000, 3000, 1500, 2500, 1500] }));
  // LeRobot's formula: body joints -100 to 100 of the range, the gripper 0 to 100.
  expect([...take.action]).toEqual([-100, 0, 100, -50, 50, 25]);
  expect([...take.state]).toEqual([-80, -80, -80, -80, -80, Math.fround(10)]);
});

test("in degrees they are degrees from the middle of the range, beyond which they go on", () => {
  const take = aTake("degrees");
  take.take(sample(0, { leader: [2000, 3000, 3500, 1000, 2000, 4000] }));
  const perStep = 360 / 4095;
  expect([...take.action]).toEqual(
    [0, 1000 * perStep, 1500 * perStep, -1000 * perStep, 0, 100].map(Math.fround),
  );
});

test("the first frame is the first in which the pair follows", () => {
  const take = aTake();
  expect(take.take(sample(0, { state: "aligning" }))).toBe("taken");
  expect(take.take(sample(1))).toBe("taken");
  expect(take.take(sample(2))).toBe("taken");
  expect([take.length, take.lost]).toEqual([2, 0]);
});

test("the first frame waits until it is known where the follower is", () => {
  const take = aTake();
  take.take(sample(0, { followerUs: null }));
  take.take(sample(1, { followerUs: 1e9 - 5e5 }));
  take.take(sample(2));
  expect(take.length).toBe(1);
});

test.each(["aligning", "holding", "waiting", "faulted", "stopped"] as const)(
  "it ends with the state %s, whatever was read in it",
  (state) => {
    const take = aTake();
    take.take(sample(0));
    expect(take.take(sample(1, { state }))).toBe("not following");
    expect(take.length).toBe(1);
  },
);

test("frames that did not come repeat the one before, so that time is true, and are marked", () => {
  const take = aTake();
  for (const frame of [5, 6, 9, 10, 12]) take.take(sample(frame));
  expect(take.length).toBe(8);
  const pans = Array.from({ length: 8 }, (_, at) => take.action[at * 6]);
  // Of the leader at frames 5, 6, 6, 6, 9, 10, 10 and 12: 1000 + 20 steps each, of a range from 1000 to 3000.
  const of = (frame: number) => Math.fround((frame * 20) / 10 - 100);
  expect(pans).toEqual([of(5), of(6), of(6), of(6), of(9), of(10), of(10), of(12)]);
  expect([take.lost, take.gaps]).toEqual([
    3,
    [
      { from: 2, frames: 2 },
      { from: 6, frames: 1 },
    ],
  ]);
});

test.each([
  ["the follower was read for a frame before", { followerUs: 1e9 + 1e5 - 160_000 }],
  ["the follower was never read", { followerUs: null }],
  ["a joint of the follower is unknown", { follower: [600, null, 600, 600, 600, 600] }],
  ["a joint of the leader is unknown", { leader: [null, 1, 1, 1, 1, 1] }],
])("a sample is no frame where %s", (_, change) => {
  const take = aTake();
  take.take(sample(0));
  take.take(sample(1, change));
  take.take(sample(2));
  expect([take.length, take.lost]).toEqual([3, 1]);
});

test("a sample of a frame that is there, or lies before, is left out", () => {
  const take = aTake();
  for (const frame of [3, 4, 4, 3, 5]) take.take(sample(frame));
  expect([take.length, take.lost]).toEqual([3, 0]);
});

test("nothing for more than a second ends it", () => {
  const take = aTake();
  take.take(sample(0));
  expect(take.take(sample(11))).toBe("taken");
  expect(take.take(sample(23))).toBe("gap");
  expect(take.length).toBe(12);
});

test("it is as long as it is to be, also when its last frames did not come", () => {
  const take = aTake();
  for (let frame = 0; frame < 95; frame++) expect(take.take(sample(frame))).toBe("taken");
  expect(take.take(sample(103))).toBe("complete");
  expect([take.length, take.lost, take.action.length]).toEqual([100, 5, 600]);
  const exact = aTake();
  for (let frame = 0; frame < 99; frame++) exact.take(sample(frame));
  expect(exact.take(sample(99))).toBe("complete");
});
