/**
 * A follower on one machine and its leader on another, over links of every profile and a cut of each, on the compiled
 * program. How well it follows depends on what else this machine does, so it is printed, and judged by `make links-network`.
 */
import { beforeAll, expect } from "bun:test";
import { report } from "../../scripts/links-network/report.ts";
import { type RunFigures, run } from "../../scripts/links-network/run.ts";
import { PROFILES, type ProfileName } from "../../src/sim/testing/link/conditions.ts";
import { MOSQUITTO } from "../support/mosquitto.ts";
import { built, NETWORKS, needing } from "../support/needs.ts";
import { programPath } from "../support/program.ts";

const { describe, test } = needing(NETWORKS, MOSQUITTO, built(programPath, "build"));
const SECONDS = 20;
const CUT_SECONDS = 3;
const PATIENCE_MS = 180_000;

describe("over a bad link", () => {
  const runs = new Map<ProfileName, RunFigures>();

  beforeAll(async () => {
    const names = Object.keys(PROFILES) as ProfileName[];
    const all = await Promise.all(
      names.map((profile) => run({ profile, seconds: SECONDS, cutSeconds: CUT_SECONDS })),
    );
    for (const each of all) runs.set(each.profile, each);
    console.log(report(all));
  }, PATIENCE_MS);

  test.each(Object.keys(PROFILES) as ProfileName[])(
    "%s: it follows, holds while the link is cut, follows again, and breaks no rule",
    (profile) => {
      const { following, cut, violations, troubles, told } = runs.get(profile)!;
      expect(troubles).toEqual([]);
      expect(violations).toEqual([]);
      expect(following.samplesPerS).toBeGreaterThan(0);
      expect({ ...cut, told }).toEqual({
        holdingMs: expect.any(Number),
        aligningS: expect.any(Number),
        followingS: expect.any(Number),
        told,
      });
    },
  );
});
