/** What the screen of all machines makes of what it is told. */
import { expect, test } from "bun:test";
import type { FleetRow } from "../../../src/web/fleet/messages.ts";
import { found, needsSomebody, shownOf, sumOf, withNews } from "../../../src/web/page/fleet/rows.ts";

const row = (name: string, fields: Partial<FleetRow> = {}): FleetRow => ({
  ...{ name, presence: "online", heardAt: null, gone: null, program: "0.2.0", state: "following" },
  ...{ mode: "running", since: "2026-11-26T09:00:00.000Z", why: "", armsHere: "both", driver: "local" },
  ...{ alarms: [], alarmCount: 0, ...fields },
});

test.each([
  [{}, "following", "following", false],
  [{ state: "holding", mode: "paused" }, "holding (paused)", "holding", false],
  [{ state: "faulted" }, "faulted", "faulted", true],
  [{ alarms: ["hot"], alarmCount: 1 }, "following", "following", true],
  [{ state: null, mode: null }, "no service", "absent", true],
  [{ state: "dancing" }, "dancing", "unknown", false],
  [{ presence: "stale" }, "silent", "absent", true],
  [{ presence: "offline", gone: "lost" }, "offline", "absent", true],
  [{ presence: "offline", gone: "stopped" }, "switched off", "unknown", false],
  [{ presence: "other version", state: null }, "another version", "absent", true],
] as const)("a pair that is %j is shown as %p", (fields, word, look, isNeedy) => {
  const pair = row("desk/main", fields as Partial<FleetRow>);
  expect(shownOf(pair)).toEqual({ word, look });
  expect(needsSomebody(pair)).toBe(isNeedy);
});

test("pairs are found by words of their names, states and alarms, and stand by name", () => {
  const rows = [
    row("lab/left", { state: "holding", alarms: ["gripper is at 56 °C"], alarmCount: 1 }),
    row("desk/main"),
    row("lab/main", { presence: "offline", gone: "lost" }),
  ];
  const names = (search: string, which: "all" | "in need" = "all") =>
    found(rows, search, which).map(({ name }) => name);
  expect(names("")).toEqual(["desk/main", "lab/left", "lab/main"]);
  expect(names("LAB")).toEqual(["lab/left", "lab/main"]);
  expect(names("  lab   gripper ")).toEqual(["lab/left"]);
  expect(names("offline")).toEqual(["lab/main"]);
  expect(names("", "in need")).toEqual(["lab/left", "lab/main"]);
  expect(names("nobody")).toEqual([]);
  expect(sumOf(rows)).toBe("3 pairs of arms on 2 machines: 2 need somebody.");
  expect(sumOf(rows.slice(1, 2))).toBe("1 pair of arms on 1 machine: none needs anybody.");
  expect(sumOf([])).toBe("0 pairs of arms on 0 machines: none needs anybody.");
});

test("what has not changed is the same, what is new takes its place, what is no more goes", () => {
  const [desk, lab] = [row("desk/main"), row("lab/main")];
  const first = withNews(new Map(), { isAnew: true, pairs: [desk, lab], removed: [] });
  const holding = row("lab/main", { state: "holding" });
  const second = withNews(first, { isAnew: false, pairs: [holding], removed: [] });
  expect(second.get("desk/main")).toBe(desk);
  expect(second.get("lab/main")).toBe(holding);
  expect([...withNews(second, { isAnew: false, pairs: [], removed: ["lab/main"] }).keys()]).toEqual([
    "desk/main",
  ]);
  expect([...withNews(second, { isAnew: true, pairs: [lab], removed: [] }).keys()]).toEqual(["lab/main"]);
});
