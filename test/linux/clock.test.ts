/** The monotonic clock. */
import { expect, test } from "bun:test";
import { nowUs, sleepUntilUs, suspendedUs, writeTimespec } from "../../src/linux/clock.ts";

test("time goes forward, in µs, on the clock that every process shares", () => {
  const before = nowUs();
  const clock = `${import.meta.dir}/../../src/linux/clock.ts`;
  const other = Bun.spawnSync([process.execPath, "-e", `console.log((await import("${clock}")).nowUs())`]);
  const after = nowUs();
  const between = Number(other.stdout.toString());
  expect(between).toBeGreaterThan(before);
  expect(between).toBeLessThan(after);
});

test("sleeps until the point asked for, not less", () => {
  const deadline = nowUs() + 5000;
  sleepUntilUs(deadline);
  expect(nowUs()).toBeGreaterThanOrEqual(deadline);
});

test("does not sleep until a point that has passed", () => {
  sleepUntilUs(nowUs() - 1e6);
  sleepUntilUs(0);
});

test.each([
  [0, 0, 0],
  [1.5, 0, 1500],
  [999_999.999, 0, 999_999_999],
  [2_000_001, 2, 1000],
  [-5, 0, 0],
])("%d µs is %d s and %d ns", (us, seconds, nanoseconds) => {
  const words = new Uint32Array(4).fill(7);
  writeTimespec(words, us);
  expect([...words]).toEqual([seconds, 0, nanoseconds, 0]);
});

test("a time beyond 136 years of seconds keeps its upper word", () => {
  const words = new Uint32Array(4);
  writeTimespec(words, 2 ** 32 * 1e6);
  expect([...words]).toEqual([0, 1, 0, 0]);
});

test("a machine that runs is not suspended meanwhile", () => {
  const before = suspendedUs();
  sleepUntilUs(nowUs() + 20_000);
  expect(Math.abs(suspendedUs() - before)).toBeLessThan(5_000);
});
