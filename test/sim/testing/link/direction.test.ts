/** What a link does to packets, in virtual time. */
import { expect, test } from "bun:test";
import type { AllConditions } from "../../../../src/sim/testing/link/conditions.ts";
import { Direction } from "../../../../src/sim/testing/link/direction.ts";
import { randomFrom } from "../../../../src/sim/testing/random.ts";

const CLEAN: AllConditions = { delayMs: 2, jitterMs: 6, loss: 0, burstMs: 15, isCut: false };

/** Sends a packet each ms for so long; for each when it arrived, µs after it was sent, or undefined. */
function send(direction: Direction, count: number): (number | undefined)[] {
  const tookUs: (number | undefined)[] = [];
  const underWay: number[] = [];
  for (let sent = 0; sent < count; sent++) {
    const nowUs = sent * 1e3 + 1;
    for (; direction.dueUs <= nowUs; direction.arrived()) {
      const index = underWay.shift()!;
      tookUs[index] = direction.dueUs - (index * 1e3 + 1);
    }
    const { lost } = direction;
    direction.take(40, nowUs);
    if (direction.lost === lost) underWay.push(sent);
    tookUs.push(undefined);
  }
  return tookUs;
}

test("packets arrive after the delay and no more than the jitter later, but for those that wait for one before", () => {
  const took = send(new Direction(CLEAN, randomFrom(1)), 10_000)
    .slice(0, -10)
    .map((us) => us!);
  expect(Math.min(...took)).toBeGreaterThanOrEqual(2_000);
  expect(Math.max(...took)).toBeLessThan(8_000);
  const arrived = took.map((us, index) => us + index * 1e3);
  expect(arrived).toEqual(arrived.toSorted((x, y) => x - y));
});

test("the share that is lost is lost in bursts of time", () => {
  const direction = new Direction({ ...CLEAN, loss: 0.02 }, randomFrom(1));
  const isLost = send(direction, 1_000_000).map((us) => us === undefined);
  const lost = isLost.filter(Boolean).length;
  const bursts = isLost.filter((each, index) => each && !isLost[index - 1]).length;
  expect(lost / isLost.length).toBeWithin(0.015, 0.025);
  expect(lost / bursts).toBeWithin(12, 19);
});

test("a cut lets nothing through but what was under way, and a link that is joined all", () => {
  const direction = new Direction(CLEAN, randomFrom(1));
  direction.take(40, 0);
  direction.conditions = { ...CLEAN, isCut: true };
  direction.take(40, 1);
  direction.arrived();
  expect(direction).toMatchObject({ carried: 1, lost: 1, dueUs: Number.POSITIVE_INFINITY });
  direction.conditions = CLEAN;
  direction.take(40, 2);
  expect(direction.dueUs).toBeLessThan(10_000);
});

test("more than a queue holds is lost", () => {
  const direction = new Direction(CLEAN, randomFrom(1));
  for (let sent = 0; sent < 5_000; sent++) direction.take(40, sent);
  expect(direction.lost).toBeWithin(3_900, 4_100);
});
