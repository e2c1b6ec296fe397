/** A page's clock and the machine's: what the page notes is told in the machine's CLOCK_MONOTONIC. */
import type { Page } from "playwright-core";
import { nowUs } from "../../src/linux/clock.ts";

/** How a page's time becomes the machine's, and by how much that can be wrong. */
export interface PageClock {
  /** From the page's performance.now(), ms, to CLOCK_MONOTONIC, µs. */
  toUs(pageMs: number): number;
  /** At most so wrong, µs: half of the quickest answer. */
  readonly withinUs: number;
}

const ASKED_TIMES = 40;

/** Asks the page what time it is again and again, and believes the quickest answer. */
export async function clockOf(page: Page): Promise<PageClock> {
  let best = { tookUs: Number.POSITIVE_INFINITY, offsetUs: Number.NaN };
  for (let asked = 0; asked < ASKED_TIMES; asked++) {
    const before = nowUs();
    const pageMs = await page.evaluate<number>("performance.now()");
    const after = nowUs();
    if (after - before < best.tookUs) {
      best = { tookUs: after - before, offsetUs: (before + after) / 2 - pageMs * 1e3 };
    }
  }
  return { toUs: (pageMs) => pageMs * 1e3 + best.offsetUs, withinUs: best.tookUs / 2 };
}
