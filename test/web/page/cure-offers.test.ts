/** What the page offers for what was found. */
import { expect, test } from "bun:test";
import * as v from "valibot";
import { offersFor } from "../../../src/web/page/health/cure-offers.ts";
import { orderSchema } from "../../../src/web/work/orders.ts";
import type { Cure } from "../../../src/workflows/check.ts";

const leader = { arm: "leader" } as const;

/** Every remedy that a problem may have, for an arm. */
const REMEDIES: readonly Cure[] = [
  ...(["calibrate", "calibration apply", "calibration import", "calibration pull"] as const),
  ...(["calibration finish", "calibration undo", "setup-motors", "give ids", "exchange ports"] as const),
  ...(["restore file", "save as UTF-8", "switch power on", "check leads"] as const),
]
  .map((name): Cure => ({ do: name, ...leader }))
  .concat([
    { do: "calibrate joint", joint: "gripper", ...leader },
    { do: "give id", joint: "elbow_flex", ...leader },
    { do: "import old", file: "/x.json", ...leader },
    { do: "check lead", from: "board", to: "shoulder_pan", ...leader },
    { do: "check servo", joint: "gripper", ...leader },
    { do: "assign" },
  ]);

test("a cure that the page has a workflow for begins it, for its arm and joint", () => {
  const begins = (cure: Cure) => offersFor([cure]).map(({ label, begin }) => [label, begin]);
  expect(begins({ do: "calibrate", ...leader })).toEqual([
    ["Calibrate the leader", { what: "calibrate", arm: "leader" }],
  ]);
  expect(begins({ do: "calibrate joint", joint: "gripper", arm: "follower" })).toEqual([
    ["Calibrate gripper of the follower", { what: "calibrate", arm: "follower", joint: "gripper" }],
  ]);
  expect(begins({ do: "calibration pull", ...leader })).toEqual([
    ["Take the calibration that the leader holds", { what: "pull", arm: "leader" }],
  ]);
  expect(begins({ do: "exchange ports", ...leader })).toEqual([["Find out which arm is which", "naming"]]);
});

test("whatever is begun the server takes for an order", () => {
  const orders = offersFor(REMEDIES).flatMap(({ begin }) => (typeof begin === "object" ? [begin] : []));
  expect(orders.length).toBeGreaterThan(7);
  expect(orders.filter((order) => !v.safeParse(orderSchema, order).success)).toEqual([]);
});

test("each is offered once; what hands do, and what a newer service names, is not", () => {
  const unknown = { do: "polish", ...leader } as unknown as Cure;
  const inherited = { do: "toString" } as unknown as Cure;
  const cures: readonly Cure[] = [{ do: "switch power on", ...leader }, unknown, inherited];
  expect(offersFor(cures)).toEqual([]);
  expect(offersFor([{ do: "assign" }, { do: "exchange ports", ...leader }]).length).toBe(1);
});
