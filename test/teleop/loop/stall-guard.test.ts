import { expect, test } from "bun:test";
import { StallGuard } from "../../../src/teleop/loop/stall-guard.ts";

const ELBOW = 2;
const GRIPPER = 5;
const MOST = 228;
const limits = { currentMa: 800, afterS: 3 };

/** Reads a joint ten times a second for so long; the lead that it has then. */
function reader(guard = new StallGuard(limits), joint = ELBOW) {
  let nowUs = 1e6;
  return (seconds: number, currentMa: number, position = 2000) => {
    let lead = MOST;
    for (let reading = 0; reading < seconds * 10; reading++) {
      nowUs += 100_000;
      lead = guard.leadOf(joint, position, currentMa, nowUs, MOST);
    }
    return lead;
  };
}

test("a joint that draws too much for long enough presses less by 2 °/s, down to 5°", () => {
  const read = reader();
  expect(read(3.1, 900)).toBe(MOST);
  // A second is 22.8 steps.
  expect([read(1, 900), read(1, 900), read(1, 900)]).toEqual([206, 183, 160]);
  expect(read(20, 900)).toBe(57);
});

test("it eases on when it draws less for it", () => {
  const read = reader();
  read(4.1, 900);
  expect(read(1, 100)).toBe(183);
  expect(read(60, 0)).toBe(57);
});

test("one that draws no more than it may, or does so now and then, presses on", () => {
  expect(reader()(60, 800)).toBe(MOST);
  const read = reader();
  for (let time = 0; time < 20; time++) expect([read(2.8, 900), read(0.1, 800)]).toEqual([MOST, MOST]);
});

test.each([12, -12])("it presses as before when it has moved by %i steps, and must stall anew", (steps) => {
  const read = reader();
  read(3, 900);
  expect(read(1, 900, 2000 + steps / 2)).toBeLessThan(MOST);
  expect(read(0.1, 900, 2000 + steps)).toBe(MOST);
  expect(read(3, 900, 2000 + steps)).toBe(MOST);
  expect(read(1, 900, 2000 + steps)).toBeLessThan(MOST);
});

test("it presses as before when it was free meanwhile", () => {
  const guard = new StallGuard(limits);
  const read = reader(guard);
  expect(read(5, 900)).toBeLessThan(MOST);
  guard.forget(ELBOW);
  expect(read(3, 900)).toBe(MOST);
});

test("a gripper holds what it holds", () => {
  expect(reader(new StallGuard(limits), GRIPPER)(60, 2_000)).toBe(MOST);
});

test("without a current it guards nothing", () => {
  expect(reader(new StallGuard({ currentMa: 0, afterS: 3 }))(60, 2_000)).toBe(MOST);
});
