/** How often unclaimed pages may release, and how many presses at once are one. */
import { describe, expect, test } from "bun:test";
import type { Status } from "../../../src/api/protocol.ts";
import { UnclaimedReleases } from "../../../src/web/access/unclaimed-releases.ts";
import { Joined } from "../../../src/web/pairs/joined.ts";

const MINUTE_MS = 60_000;
const pair = (mode: Status["mode"], alignments: number, pid = 1) =>
  ({ mode, alignments, pid, startedAt: "2026-01-01" }) as Status;

describe("releases of unclaimed pages", () => {
  test("are three in ten minutes; then none, however much later, until a claimed page resumes", () => {
    const releases = new UnclaimedReleases();
    // The first is forgotten when the fourth comes.
    for (const minute of [0, 5, 10.01]) {
      releases.count(minute * MINUTE_MS, pair("running", minute));
      expect(releases.isAllowed).toBe(true);
    }
    releases.count(14 * MINUTE_MS, pair("running", 14));
    expect(releases.isAllowed).toBe(false);
    releases.forget();
    for (const time of [1, 2]) releases.count(60 * MINUTE_MS, pair("running", time));
    expect(releases.isAllowed).toBe(true);
  });

  test("are the same one again while nothing has gone on since", () => {
    const releases = new UnclaimedReleases();
    expect(releases.isAgain(pair("paused", 4))).toBe(false);
    releases.count(0, pair("running", 4));
    expect(releases.isAgain(pair("paused", 4))).toBe(true);
    expect(releases.isAgain(pair("released", 4))).toBe(true);
    expect(releases.isAgain(pair("running", 4))).toBe(false);
    // Somebody has resumed, and somebody has paused.
    expect(releases.isAgain(pair("paused", 5))).toBe(false);
    // Another run of the service counts from the beginning.
    expect(releases.isAgain(pair("paused", 4, 2))).toBe(false);
  });
});

describe("what many want at once", () => {
  test("is done by one at a time, each begun after it was asked for", async () => {
    let begun = 0;
    let atOnce = 0;
    const joined = new Joined(async () => {
      const number = ++begun;
      expect(++atOnce).toBe(1);
      await Promise.resolve();
      atOnce--;
      return number;
    });
    const first = joined.ask();
    const next = Array.from({ length: 1_000 }, () => joined.ask());
    expect(await first).toBe(1);
    expect(new Set(await Promise.all(next))).toEqual(new Set([2]));
    expect(await joined.ask()).toBe(3);
    expect(begun).toBe(3);
  });

  test("is done anew for who asks after it has failed", async () => {
    let times = 0;
    const joined = new Joined(async () => {
      if (++times === 1) throw new Error("the service does not run");
      return times;
    });
    const [first, second] = [joined.ask(), joined.ask()];
    expect(first).rejects.toThrow("the service does not run");
    expect(await second).toBe(2);
  });
});
