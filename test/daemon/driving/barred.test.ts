/** Who does not get the follower back while it goes on asking. */
import { expect, test } from "bun:test";
import { Barred } from "../../../src/daemon/driving/barred.ts";

const client = { as: "client", who: "10.0.0.1" } as const;

test("a client that a person has made leave may ask once it has asked for nothing for 10 s", () => {
  const barred = new Barred();
  barred.over(client, "leader took over", 0);
  for (let ms = 0; ms < 60_000; ms += 9_000) expect(barred.whyNot(client, ms)).toContain("10 s");
  expect(barred.whyNot({ as: "client", who: "10.0.0.2" }, 54_000)).toBeUndefined();
  expect(barred.whyNot(client, 64_000)).toBeUndefined();
});

test.each(["paused", "released", "parked", "lent", "other leader"] as const)(
  "%s is a person's doing",
  (why) => {
    const barred = new Barred();
    barred.over(client, why, 0);
    expect(barred.whyNot(client, 1)).toContain("10 s");
  },
);

test.each(["ended", "silent", "no target", "program ends"] as const)("%s bars nobody", (why) => {
  const barred = new Barred();
  barred.over(client, why, 0);
  expect(barred.whyNot(client, 1)).toBeUndefined();
});

test("a replay is begun by a person each time", () => {
  const barred = new Barred();
  const replay = { as: "replay", who: "picks 3" } as const;
  barred.over(replay, "asked", 0);
  expect(barred.whyNot(replay, 1)).toBeUndefined();
});

test("of many the ones that were heard of last are kept", () => {
  const barred = new Barred();
  for (let i = 0; i < 100; i++) barred.over({ as: "client", who: `10.0.0.${i}` }, "asked", i);
  expect(barred.whyNot({ as: "client", who: "10.0.0.99" }, 100)).toBeDefined();
  expect(barred.whyNot({ as: "client", who: "10.0.0.0" }, 100)).toBeUndefined();
});
