import { expect, test } from "bun:test";
import type { ProcessSample } from "../../scripts/bench/process.ts";
import { judgeLife } from "../../scripts/chaos/judge.ts";

/** A life with a sample each second; what it has in memory, MB, by its age in s. */
function life(seconds: number, residentMB: (s: number) => number, descriptors = (_: number) => 21) {
  const samples = Array.from({ length: seconds }, (_, s) => ({
    ...({ atUs: 1e9 + s * 1e6, cpuUs: 0, peakResidentKB: 0, anonymousKB: 0, threads: 7 } as ProcessSample),
    residentKB: residentMB(s) * 1024,
    descriptors: descriptors(s),
  }));
  return { samples };
}

/** As the follower's service was measured under faults: a plateau, with a peak now and then. */
const plateau = (s: number) => (s % 130 === 0 ? 98 : 86 - 20 * Math.exp(-s / 90));

test("a life that comes to a plateau does not grow, however long it is; one that goes on growing does", () => {
  for (const seconds of [200, 400, 1_200]) expect(judgeLife(life(seconds, plateau))?.grew).toBe(false);
  expect(judgeLife(life(400, (s) => plateau(s) + s / 10))?.grew).toBe(true);
  expect(judgeLife(life(1_200, (s) => plateau(s) + s / 45))?.grew).toBe(true);
  expect(judgeLife(life(400, plateau, (s) => 21 + Math.floor(s / 50)))?.grew).toBe(true);
});

test("a life that was too short shows nothing", () => {
  expect(judgeLife(life(150, (s) => 60 + s))).toBeUndefined();
});
