/** What the page offers for what was found. */
import { expect, test } from "bun:test";
import { linksFor } from "../../../src/web/page/health/cure-links.ts";
import type { Cure } from "../../../src/workflows/check.ts";

test("a cure that the page has a workflow for is a link, named for its arm, each once", () => {
  const cures: readonly Cure[] = [
    { do: "calibrate", arm: "leader" },
    { do: "calibrate joint", joint: "gripper", arm: "leader" },
    { do: "calibration import", arm: "follower" },
    { do: "assign" },
  ];
  expect(linksFor(cures).map(({ label }) => label)).toEqual([
    "Calibrate the leader",
    "Take a LeRobot file for the follower",
    "Find out which arm is which",
  ]);
});

test("what hands do, and what a newer service names, is no link", () => {
  const unknown = { do: "polish", arm: "leader" } as unknown as Cure;
  const inherited = { do: "toString" } as unknown as Cure;
  expect(linksFor([{ do: "switch power on", arm: "leader" }, unknown, inherited])).toEqual([]);
});
