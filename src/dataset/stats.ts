/** Statistics of an episode's columns, and of several episodes, by LeRobot's rules: training normalises by them. */

/** The quantiles that LeRobot keeps, by their keys. */
export const QUANTILES = { q01: 0.01, q10: 0.1, q50: 0.5, q90: 0.9, q99: 0.99 } as const;

/** The key of a quantile. */
export type QuantileKey = keyof typeof QUANTILES;

const QUANTILE_KEYS = Object.keys(QUANTILES) as QuantileKey[];

/** The keys of a column's statistics, in LeRobot's order. */
export const STAT_KEYS = ["min", "max", "mean", "std", "count", ...QUANTILE_KEYS] as const;

/** Statistics of one column: a value for each of its components. `count` has one: how many frames. */
export type ColumnStats = { readonly [key in (typeof STAT_KEYS)[number]]: readonly number[] };

/** Statistics by the column. */
export type Stats = Readonly<Record<string, ColumnStats>>;

/** LeRobot finds quantiles in a histogram of so many bins between the least and the largest value. */
const BINS = 5_000;
/** By so much its histogram is wider. */
const PADDING = 1e-10;

const histogram = new Uint32Array(BINS);

/**
 * Statistics of a column of `length` frames; `width` values follow each other for each frame. The standard deviation is the
 * population's. Of a single frame, all quantiles are its value.
 */
export function columnStats(values: ArrayLike<number>, width: number, length: number): ColumnStats {
  const components = Array.from({ length: width }, (_, component) =>
    componentStats(values, width, length, component),
  );
  const of = (key: keyof (typeof components)[number]) => components.map((one) => one[key]);
  return {
    ...{ min: of("min"), max: of("max"), mean: of("mean"), std: of("std"), count: [length] },
    ...{ q01: of("q01"), q10: of("q10"), q50: of("q50"), q90: of("q90"), q99: of("q99") },
  };
}

function componentStats(values: ArrayLike<number>, width: number, length: number, component: number) {
  let [min, max, sum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (let at = component; at < length * width; at += width) {
    const value = values[at]!;
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
  }
  const mean = sum / length;
  let squares = 0;
  for (let at = component; at < length * width; at += width) squares += (values[at]! - mean) ** 2;
  const std = Math.sqrt(squares / length);
  if (length < 2) return { min, max, mean, std, q01: mean, q10: mean, q50: mean, q90: mean, q99: mean };

  const [low, high] = [min - PADDING, max + PADDING];
  const binsPerUnit = BINS / (high - low);
  histogram.fill(0);
  for (let at = component; at < length * width; at += width) {
    // Of values so large that the padding is lost in them, all may be equal: they are in the last bin.
    const bin = high > low ? Math.floor((values[at]! - low) * binsPerUnit) : BINS - 1;
    histogram[Math.min(bin, BINS - 1)]!++;
  }
  const quantile = (key: QuantileKey) => quantileIn(low, high, QUANTILES[key] * length);
  return {
    ...{ min, max, mean, std },
    ...{ q01: quantile("q01"), q10: quantile("q10"), q50: quantile("q50") },
    ...{ q90: quantile("q90"), q99: quantile("q99") },
  };
}

/** The value below which `target` frames are, by the histogram: even within a bin, and the edge where it is the first one. */
function quantileIn(low: number, high: number, target: number): number {
  const edge = (bin: number) => low + ((high - low) * bin) / BINS;
  let before = 0;
  for (let bin = 0; bin < BINS; bin++) {
    const inBin = histogram[bin]!;
    if (before + inBin >= target) {
      return bin === 0 ? low : edge(bin) + ((target - before) / inBin) * (edge(bin + 1) - edge(bin));
    }
    before += inBin;
  }
  return high;
}

/**
 * Statistics of all episodes together. Exact but for the quantiles, which cannot be had from those of the parts: LeRobot takes
 * the least of those up to the median, and the largest of those above, an envelope.
 */
export function togetherStats(parts: readonly Stats[]): Stats {
  const columns = [...new Set(parts.flatMap((part) => Object.keys(part)))];
  return Object.fromEntries(
    columns.map((column) => [
      column,
      togetherColumn(parts.flatMap((part) => (part[column] === undefined ? [] : [part[column]]))),
    ]),
  );
}

function togetherColumn(parts: readonly ColumnStats[]): ColumnStats {
  const frames = parts.reduce((sum, { count }) => sum + count[0]!, 0);
  const each = (of: (component: number) => number) => parts[0]!.mean.map((_, component) => of(component));
  const least = (key: keyof ColumnStats) =>
    each((at) => parts.reduce((least, part) => Math.min(least, part[key][at]!), Number.POSITIVE_INFINITY));
  const largest = (key: keyof ColumnStats) =>
    each((at) => parts.reduce((most, part) => Math.max(most, part[key][at]!), Number.NEGATIVE_INFINITY));
  const weighted = (of: (part: ColumnStats, component: number) => number) =>
    each((at) => parts.reduce((sum, part) => sum + of(part, at) * part.count[0]!, 0) / frames);
  const mean = weighted((part, at) => part.mean[at]!);
  const variance = weighted((part, at) => part.std[at]! ** 2 + (part.mean[at]! - mean[at]!) ** 2);
  return {
    ...{ min: least("min"), max: largest("max"), mean, std: variance.map(Math.sqrt), count: [frames] },
    ...{ q01: least("q01"), q10: least("q10"), q50: least("q50") },
    ...{ q90: largest("q90"), q99: largest("q99") },
  };
}
