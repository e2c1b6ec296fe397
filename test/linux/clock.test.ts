/** The monotonic clock. */
import { describe, expect, test } from "bun:test";
import { FAKETIME } from "../../scripts/chaos/network/clock.ts";
import { nowUs, sleepUntilUs, suspendedUs, systemClock, writeTimespec } from "../../src/linux/clock.ts";
import { wake } from "../../src/linux/futex.ts";
import { installed, needing } from "../support/needs.ts";

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

describe("waiting for a word of shared memory", () => {
  const waitMs = (words: Int32Array, value: number, timeoutMs: number) => {
    const startUs = nowUs();
    systemClock.waitWhile(words, 3, value, timeoutMs);
    return (nowUs() - startUs) / 1e3;
  };

  test("ends in time, and at once where the word has another value, or there is no time", () => {
    const words = new Int32Array(new SharedArrayBuffer(64));
    expect(waitMs(words, 0, 20)).toBeGreaterThanOrEqual(20);
    const long = 600_000;
    expect(waitMs(words, 1, long)).toBeLessThan(long);
    expect(waitMs(words, 0, 0)).toBeLessThan(long);
    expect(waitMs(words, 0, -5)).toBeLessThan(long);
  });

  test("ends when it is changed and woken by another thread", async () => {
    const words = new Int32Array(new SharedArrayBuffer(64));
    const clock = `${import.meta.dir}/../../src/linux/clock.ts`;
    const script = `
      const { systemClock } = await import("${clock}");
      self.onmessage = ({ data }) => {
        self.postMessage("waits");
        systemClock.waitWhile(data, 3, 0, 600_000);
        self.postMessage(Atomics.load(data, 3));
      };
      self.postMessage("there");`;
    const thread = new Worker(URL.createObjectURL(new Blob([script])));
    const messages: unknown[] = [];
    thread.onmessage = ({ data }) => messages.push(data);
    const heard = async () => {
      while (messages.length === 0) await Bun.sleep(1);
      return messages.shift();
    };
    expect(await heard()).toBe("there");
    thread.postMessage(words);
    expect(await heard()).toBe("waits");
    Atomics.store(words, 3, 7);
    wake(words, 3);
    expect(await heard()).toBe(7);
    thread.terminate();
  });

  // As long as one that is set back would keep it.
  needing(installed(FAKETIME, "faketime")).test("takes no longer where the wall clock hardly moves", () => {
    const clock = `${import.meta.dir}/../../src/linux/clock.ts`;
    const script = `
      const { nowUs, systemClock } = await import("${clock}");
      const startUs = nowUs();
      systemClock.waitWhile(new Int32Array(new SharedArrayBuffer(64)), 3, 0, 100);
      console.log((nowUs() - startUs) / 1e3);`;
    const env = {
      LD_PRELOAD: FAKETIME,
      FAKETIME: "+0 x0.001",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      DONT_FAKE_MONOTONIC: "1",
    };
    const { stdout } = Bun.spawnSync([process.execPath, "-e", script], { env: { ...process.env, ...env } });
    const ms = Number(stdout.toString());
    expect(ms).toBeGreaterThanOrEqual(100);
    expect(ms).toBeLessThan(50_000);
  });
});
