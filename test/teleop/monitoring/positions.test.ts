/** How often the samples have new positions of the follower, in virtual time. */
import { expect, test } from "bun:test";
import { JOINTS } from "../../../src/arm/joints.ts";
import { VirtualPair } from "../../support/virtual-pair.ts";

const FROM_S = 6;
const FOR_S = 4;

/** How often a second each joint's position was another one in the samples, while its leader moves it all the time. */
async function newPositionsPerS(rateHz: number): Promise<number[]> {
  using it = new VirtualPair({ settings: { rateHz } });
  const reader = it.memory.readSamples();
  let last: (number | null)[] = [];
  const counts = JOINTS.map(() => 0);
  it.at(3, () => it.arms.boards.leader.hand.play("wave", it.clock.nowUs()));
  const look = () => {
    for (let sample = reader.next(); sample !== undefined; sample = reader.next()) {
      const { follower } = sample;
      if (it.nowS >= FROM_S) {
        for (const [joint, position] of follower.entries()) if (position !== last[joint]) counts[joint]!++;
      }
      last = follower;
    }
    if (it.nowS < FROM_S + FOR_S) it.at(it.nowS + 0.1, look);
  };
  it.at(0.1, look);
  await it.runFor(FROM_S + FOR_S + 0.5);
  return counts.map((count) => count / FOR_S);
}

test.each([250, 200, 100, 60, 30])(
  "at %d Hz the samples have the positions of all six joints 30 times a second",
  async (rateHz) => {
    const perS = await newPositionsPerS(rateHz);
    expect(Math.max(...perS)).toBeGreaterThanOrEqual(30);
    // A joint that turns round reads the same for a moment.
    expect(Math.min(...perS)).toBeGreaterThan(27);
  },
);

/** How old the follower's positions are in the samples of a second, in ticks, while the leader moves. */
async function agesInTicks(rateHz: number, recorded: readonly "recorded"[]): Promise<number[]> {
  using it = new VirtualPair({ settings: { rateHz } });
  const reader = it.memory.readSamples();
  it.at(3, () => it.arms.boards.leader.hand.play("wave", it.clock.nowUs()));
  it.at(5, () => {
    for (const _ of recorded) it.memory.record();
  });
  const ages: number[] = [];
  const look = () => {
    for (let sample = reader.next(); sample !== undefined; sample = reader.next()) {
      if (it.nowS >= FROM_S) ages.push(((sample.timeUs - sample.followerUs!) * rateHz) / 1e6);
    }
    if (it.nowS < FROM_S + 1) it.at(it.nowS + 0.1, look);
  };
  it.at(0.1, look);
  await it.runFor(FROM_S + 1.5);
  return ages;
}

test.each([250, 200, 100, 30])(
  "at %d Hz each sample has what was read of the follower in the slack before its tick, while somebody records",
  async (rateHz) => {
    const ages = await agesInTicks(rateHz, ["recorded"]);
    expect(ages.length).toBeGreaterThan(rateHz * 0.9);
    expect(Math.min(...ages)).toBeGreaterThan(0);
    expect(Math.max(...ages)).toBeLessThanOrEqual(1);
  },
);

test.each([500, 400])(
  "at %d Hz, where servos are read one after the other, no position is older than three ticks then, and one of three at least is of the last",
  async (rateHz) => {
    const ages = await agesInTicks(rateHz, ["recorded"]);
    expect(Math.max(...ages)).toBeLessThan(3);
    expect(ages.filter((age) => age <= 1).length).toBeGreaterThan(ages.length / 3);
  },
);

test("positions that were not read at one time, as where a servo did not answer and was asked again, are not told as if", async () => {
  using it = new VirtualPair();
  const reader = it.memory.readSamples();
  it.at(3, () => it.arms.boards.leader.hand.play("wave", it.clock.nowUs()));
  it.at(5, () => it.memory.record());
  for (let at = FROM_S; at < FROM_S + 2; at += 0.1) {
    it.at(at, () => {
      it.arms.boards.follower.arm.faults[Math.round(at * 10) % JOINTS.length]!.drop = 1;
    });
  }
  const readAt = new Map<number, (number | null)[]>();
  let unknown = 0;
  const look = () => {
    for (let sample = reader.next(); sample !== undefined; sample = reader.next()) {
      const { follower, followerUs } = sample;
      if (it.nowS < FROM_S) continue;
      if (followerUs === null) unknown++;
      else expect(follower).toEqual(readAt.getOrInsert(followerUs, follower));
    }
    if (it.nowS < FROM_S + 2) it.at(it.nowS + 0.1, look);
  };
  it.at(0.1, look);
  await it.runFor(FROM_S + 2.5);
  // A reading that fails, and what is asked again, take some ticks.
  expect(unknown).toBeGreaterThan(0);
  expect(unknown).toBeLessThan(20 * (JOINTS.length + 2));
});

test("nobody records: the positions are read no more often than a picture of them needs", async () => {
  const ages = await agesInTicks(200, []);
  expect(Math.max(...ages)).toBeGreaterThan(2);
});
