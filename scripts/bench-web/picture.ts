/** How long it takes from the reading of a joint to the picture that has it. */
import { distribution, percentile } from "../bench/analysis.ts";
import { judged, type Row } from "../bench/report.ts";
import { clockOf } from "./clocks.ts";
import { notedBy, RATE_HZ, type World } from "./world.ts";

const SETTLING_MS = 2_000;
const PERIOD_US = 1e6 / RATE_HZ;

/** Of all readings while so many pages are open: each is on screen with the first picture that is as new. */
export async function pictureRows(world: World, pages: number, seconds: number): Promise<Row[]> {
  const opened = await Promise.all(Array.from({ length: pages }, () => world.open()));
  await Bun.sleep(SETTLING_MS);
  const clocks = await Promise.all(opened.map(({ page }) => clockOf(page)));
  const before = await Promise.all(opened.map(notedBy));
  await Bun.sleep(seconds * 1e3);
  const after = await Promise.all(opened.map(notedBy));
  await Promise.all(opened.map(({ context }) => context.close()));
  const delaysMs: number[] = [];
  let fewest = Number.POSITIVE_INFINITY;
  opened.forEach((_, index) => {
    const pictures = after[index]!.pictures.slice(before[index]!.pictures.length);
    fewest = Math.min(fewest, pictures.length / seconds);
    pictures.forEach(([timeUs, shownMs], at) => {
      const earlier = pictures[at - 1]?.[0];
      if (earlier === undefined) return;
      const shownUs = clocks[index]!.toUs(shownMs);
      // What was read between two samples is first seen in the second.
      for (let readUs = timeUs; readUs > earlier + PERIOD_US / 2; readUs -= PERIOD_US) {
        delaysMs.push((shownUs - readUs) / 1e3);
      }
    });
  });
  const { count, p50, p99, max } = distribution(delaysMs);
  const p95 = percentile(Float64Array.from(delaysMs).sort(), 0.95);
  return [
    judged(`reading to screen p50, of ${count}`, "ms", p50, {}),
    judged("reading to screen p95", "ms", p95, { atMost: 100 }),
    judged("reading to screen p99", "ms", p99, {}),
    judged("reading to screen max", "ms", max, {}),
    judged("pictures, on the page with the fewest", "/s", fewest, {}),
    judged("clocks compared to within", "ms", Math.max(...clocks.map(({ withinUs }) => withinUs)) / 1e3, {}),
  ];
}
