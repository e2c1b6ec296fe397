import { expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { columnStats, QUANTILES, type Stats, togetherStats } from "../../src/dataset/stats.ts";

setDefaultTimeout(60_000);

const float = fc.float({ noNaN: true, min: -1000, max: 1000 });
const column = fc.array(float, { minLength: 2, maxLength: 300 });
const sorted = (values: readonly number[]) => values.toSorted((a, b) => a - b);
const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;

test("least, largest, mean and the population's deviation are those of the plain definitions", () => {
  fc.assert(
    fc.property(column, (values) => {
      const stats = columnStats(Float32Array.from(values), 1, values.length);
      expect(stats.min).toEqual([Math.min(...values)]);
      expect(stats.max).toEqual([Math.max(...values)]);
      expect(stats.count).toEqual([values.length]);
      expect(stats.mean[0]).toBeCloseTo(mean(values), 6);
      const deviation = Math.sqrt(mean(values.map((one) => (one - mean(values)) ** 2)));
      expect(stats.std[0]).toBeCloseTo(deviation, 6);
    }),
  );
});

test("a quantile has its share of the values below it, but for a 5000th of the range", () => {
  fc.assert(
    fc.property(column, (values) => {
      const stats = columnStats(values, 1, values.length);
      const [low, high] = [Math.min(...values), Math.max(...values)];
      const width = (high - low) / 5_000 + 1e-9;
      for (const [key, share] of Object.entries(QUANTILES)) {
        const value = stats[key as keyof typeof QUANTILES][0]!;
        expect(value).toBeGreaterThanOrEqual(low - width);
        expect(value).toBeLessThanOrEqual(high + width);
        // As many as its share are below the end of its bin, and no more below the beginning.
        const wanted = share * values.length;
        expect(values.filter((one) => one <= value + width).length).toBeGreaterThanOrEqual(wanted - 1e-9);
        expect(values.filter((one) => one < value - width).length).toBeLessThanOrEqual(wanted + 1e-9);
      }
    }),
  );
});

test("quantiles of many values on a line are where they are on the line", () => {
  const stats = columnStats(
    Float64Array.from({ length: 10_001 }, (_, at) => at / 100),
    1,
    10_001,
  );
  for (const [key, share] of Object.entries(QUANTILES)) {
    expect(Math.abs(stats[key as keyof typeof QUANTILES][0]! - 100 * share)).toBeLessThan(100 / 5_000 + 1e-6);
  }
});

test("of one frame all quantiles are its value, and nothing deviates", () => {
  const value = [3.5];
  expect(columnStats(value, 1, 1)).toEqual({
    ...{ min: value, max: value, mean: value, std: [0], count: [1] },
    ...{ q01: value, q10: value, q50: value, q90: value, q99: value },
  });
});

test("where all are equal all are that value, however large", () => {
  for (const one of [0, 1, -7, 3e9]) {
    const stats = columnStats([one, one, one], 1, 3);
    for (const key of ["min", "max", "mean", "q01", "q50", "q99"] as const) {
      expect(Math.abs(stats[key][0]! - one)).toBeLessThanOrEqual(1e-9);
    }
    expect(stats.std).toEqual([0]);
  }
});

test("each joint has its own, of values that follow each other for each frame", () => {
  const stats = columnStats([1, 10, 2, 20, 3, 60], 2, 3);
  expect([stats.min, stats.max, stats.mean]).toEqual([
    [1, 10],
    [3, 60],
    [2, 30],
  ]);
});

test("several episodes together: exact but for quantiles, of which they are the envelope", () => {
  fc.assert(
    fc.property(fc.array(column, { minLength: 1, maxLength: 6 }), (episodes) => {
      const parts = episodes.map((values): Stats => ({ action: columnStats(values, 1, values.length) }));
      const together = togetherStats(parts).action!;
      const all = columnStats(episodes.flat(), 1, episodes.flat().length);
      expect([together.min, together.max, together.count]).toEqual([all.min, all.max, all.count]);
      expect(together.mean[0]).toBeCloseTo(all.mean[0]!, 6);
      expect(together.std[0]! ** 2).toBeCloseTo(all.std[0]! ** 2, 3);
      const each = (key: keyof typeof QUANTILES) => sorted(parts.map((part) => part.action![key][0]!));
      for (const key of ["q01", "q10", "q50"] as const) expect(together[key]).toEqual([each(key)[0]!]);
      for (const key of ["q90", "q99"] as const) expect(together[key]).toEqual([each(key).at(-1)!]);
    }),
  );
});

test("one after the other, or all at once, comes to the same", () => {
  const parts = [
    [1, 2, 3],
    [10, 20],
    [5, 5, 5, 9],
  ].map((values): Stats => ({ a: columnStats(values, 1, values.length) }));
  const running = parts.reduce((before, part) => togetherStats([before, part]));
  const once = togetherStats(parts);
  for (const key of ["min", "max", "count", "q50", "q99"] as const)
    expect(running.a![key]).toEqual(once.a![key]);
  expect(running.a!.std[0]).toBeCloseTo(once.a!.std[0]!, 12);
});
