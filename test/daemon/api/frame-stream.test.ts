import { expect, test } from "bun:test";
import { FrameStream } from "../../../src/daemon/api/frame-stream.ts";
import { createMemory, openMemory } from "../../../src/teleop/shared/control-memory.ts";

const steps = [1, 2, 3, 4, 5, 6];
const TICK_US = 5_000;

/** The frames of ticks at these times, of which the follower was last read so many µs before. */
function framesOf(perSecond: number, ticks: readonly (readonly [us: number, age?: number])[]) {
  const main = createMemory();
  const { samples } = openMemory(main.buffer);
  const stream = new FrameStream(
    main.readSamples(),
    perSecond,
    1e6 / TICK_US,
    () => {},
    () => 0,
  );
  const frames: (readonly [frame: number, us: number])[] = [];
  for (const [us, age = 3_000] of ticks) {
    samples.write(us, "following", steps, steps, steps, us - age);
    for (let frame = stream.next(); frame !== undefined; frame = stream.next()) {
      frames.push([frame.frame!, frame.timeUs]);
    }
  }
  return frames;
}

/** So many ticks on the loop's grid, each as late as is said, µs. */
const ticks = (count: number, late: (tick: number) => number = () => 0) =>
  Array.from({ length: count }, (_, tick) => [1e9 + tick * TICK_US + late(tick)] as const);

test("a frame is the tick that is nearest to its time", () => {
  const frames = framesOf(30, ticks(2_000));
  expect(frames.map(([frame]) => frame)).toEqual(Array.from({ length: 300 }, (_, at) => at));
  for (const [frame, us] of frames) {
    expect(Math.abs(us - 1e9 - (frame * 1e6) / 30)).toBeLessThanOrEqual(TICK_US / 2 + 1);
  }
});

test.each([1, 7, 30, 50, 60, 100, 200])(
  "ticks that are a bit late lose no frame at %d a second, nor do they shift the grid",
  (perSecond) => {
    let seed = 7;
    const random = () => {
      seed = (seed * 16_807) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    const frames = framesOf(
      perSecond,
      ticks(12_000, (tick) => (tick === 0 ? 900 : random() * 1_500)),
    );
    const numbers = frames.map(([frame]) => frame);
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, at) => at));
    const [[lastFrame, lastUs]] = frames.slice(-1) as [readonly [number, number]];
    expect(Math.abs(lastUs - 1e9 - (lastFrame * 1e6) / perSecond)).toBeLessThan(TICK_US);
  },
);

test("a tick that came too late for its frame leaves the frame out, and the time is true again with the next", () => {
  const missing = new Set([100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110]);
  const frames = framesOf(
    100,
    ticks(200).filter((_, tick) => !missing.has(tick)),
  );
  const numbers = frames.map(([frame]) => frame);
  expect(numbers.slice(48, 54)).toEqual([48, 49, 55, 56, 57, 58]);
  for (const [frame, us] of frames) expect(us - 1e9).toBe(frame * 10_000 + (frame === 55 ? TICK_US : 0));
});

test("of the ticks of a frame that one is taken before which the follower was read", () => {
  const stale = (tick: number) => (tick % 4 === 2 ? 3_000 : 9_000);
  const frames = framesOf(
    25,
    ticks(400).map(([us], tick) => [us, stale(tick)] as const),
  );
  expect(frames.map(([, us]) => ((us - 1e9) / TICK_US) % 4)).toEqual(frames.map(() => 2));
  expect(frames.length).toBeGreaterThanOrEqual(49);
});

test("where none was, a frame is not left out for that", () => {
  const frames = framesOf(
    25,
    ticks(400).map(([us]) => [us, 20_000] as const),
  );
  expect(frames.map(([frame]) => frame)).toEqual(Array.from({ length: frames.length }, (_, at) => at));
});

test("the first frame after the follower has begun to align anew says so, though all ticks were of following", () => {
  const main = createMemory();
  const { samples } = openMemory(main.buffer);
  let alignments = 3;
  const stream = new FrameStream(
    main.readSamples(),
    200,
    200,
    () => {},
    () => alignments,
  );
  const states: string[] = [];
  for (let tick = 0; tick < 6; tick++) {
    if (tick === 3) alignments++;
    const us = 1e9 + tick * TICK_US;
    samples.write(us, "following", steps, steps, steps, us - 3_000);
    for (let frame = stream.next(); frame !== undefined; frame = stream.next()) states.push(frame.state);
  }
  expect(states).toEqual(["following", "following", "following", "aligning", "following", "following"]);
});
