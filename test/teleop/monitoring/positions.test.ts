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
