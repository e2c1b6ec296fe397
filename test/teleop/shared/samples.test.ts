import { expect, test } from "bun:test";
import { createMemory, openMemory } from "../../../src/teleop/shared/control-memory.ts";
import { SAMPLES_KEPT, UNKNOWN_STEPS } from "../../../src/teleop/shared/samples.ts";

/** A ring, and what writes samples that are known by their number. */
function ring() {
  const main = createMemory();
  const { samples } = openMemory(main.buffer);
  let written = 0;
  const write = (count: number) => {
    for (let i = 0; i < count; i++) {
      const number = written++;
      const steps = new Int32Array(6).fill(number % 4096);
      samples.write(number, "following", steps, steps, steps);
    }
  };
  return { main, samples, write };
}

test("a sample has what was read and written in its tick", () => {
  const { main, samples } = ring();
  const reader = main.readSamples();
  samples.write(
    1234.5,
    "aligning",
    [1, 2, 3, 4, 5, 6],
    [7, 8, 9, 10, 11, 4095],
    [0, 0, 0, 0, 0, UNKNOWN_STEPS],
    1230,
  );
  expect(reader.next()).toEqual({
    timeUs: 1234.5,
    state: "aligning",
    leader: [1, 2, 3, 4, 5, 6],
    goals: [7, 8, 9, 10, 11, 4095],
    follower: [0, 0, 0, 0, 0, null],
    followerUs: 1230,
  });
  expect(reader.next()).toBeUndefined();
});

test("somebody records while one of those who have begun to has not ended", () => {
  const { main, samples } = ring();
  expect(samples.areRecorded).toBe(false);
  const [endFirst, endSecond] = [main.record(), main.record()];
  endFirst();
  expect(samples.areRecorded).toBe(true);
  endSecond();
  expect(samples.areRecorded).toBe(false);
});

test("samples from before the time that is asked for are left out, and none of them counts as lost", () => {
  const { main, write } = ring();
  const reader = main.readSamples();
  write(10);
  expect(reader.next(7)?.timeUs).toBe(7);
  expect(reader.next()?.timeUs).toBe(8);
  expect(reader.next(20)).toBeUndefined();
  write(20);
  expect(reader.next(20)?.timeUs).toBe(20);
  expect(reader.lost).toBe(0);
});

test("a reader gets each sample from when it began, in their order, and none twice", () => {
  const { main, write } = ring();
  write(5);
  const reader = main.readSamples();
  write(3);
  expect([reader.next(), reader.next(), reader.next(), reader.next()].map((one) => one?.timeUs)).toEqual([
    5,
    6,
    7,
    undefined,
  ]);
  expect(reader.lost).toBe(0);
});

test("a reader that is slow loses the oldest samples, and knows how many", () => {
  const { main, write } = ring();
  const reader = main.readSamples();
  write(3 * SAMPLES_KEPT);
  const times: number[] = [];
  for (let sample = reader.next(); sample !== undefined; sample = reader.next()) times.push(sample.timeUs);
  expect(times.at(-1)).toBe(3 * SAMPLES_KEPT - 1);
  expect(times.length + reader.lost).toBe(3 * SAMPLES_KEPT);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
});

test("readers do not disturb each other", () => {
  const { main, write } = ring();
  const [slow, fast] = [main.readSamples(), main.readSamples()];
  write(2);
  expect([fast.next(), fast.next()].map((one) => one?.timeUs)).toEqual([0, 1]);
  expect(slow.next()?.timeUs).toBe(0);
});
