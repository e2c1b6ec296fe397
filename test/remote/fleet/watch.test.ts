import { expect, test } from "bun:test";
import { FleetWatch } from "../../../src/remote/fleet/watch.ts";

const time = "2026-11-26T09:00:00.000Z";
const bytes = (message: unknown) => Buffer.from(JSON.stringify(message));
const status = (fields: object = {}) =>
  bytes({ v: 1, online: true, instance: "a1", time, state: "following", rateHz: 200, ...fields });
const event = (number: number, fields: object = {}) =>
  bytes({
    v: 1,
    startedAt: time,
    number,
    time,
    code: "SO101-E004 pair.following",
    severity: "info",
    message: "m",
    ...fields,
  });
const DESK = "so101/desk/main/status";

test("a pair is online, falls silent, and is gone, as its machine and the broker say", () => {
  const watch = new FleetWatch();
  watch.take(DESK, status(), true, 0);
  const presence = () => watch.pairs.map(({ name, presence }) => `${name} ${presence}`);
  expect(presence()).toEqual(["desk/main online"]);
  expect(watch.isSettled).toBe(false);
  watch.take(DESK, status(), false, 1_000);
  expect(watch.isSettled).toBe(true);
  watch.look(3_900);
  expect(presence()).toEqual(["desk/main online"]);
  watch.look(4_100);
  expect(presence()).toEqual(["desk/main stale"]);
  watch.take(DESK, bytes({ v: 1, online: false }), false, 5_000);
  expect(watch.pairs[0]).toMatchObject({ presence: "offline", gone: "lost", status: { state: "following" } });
  watch.take(DESK, Buffer.alloc(0), false, 6_000);
  expect(watch.pairs).toEqual([]);
});

test("what has changed since a look before is told, and no more", () => {
  const watch = new FleetWatch();
  watch.take(DESK, status(), false, 0);
  watch.take("so101/lab/main/status", status(), false, 0);
  const { revision } = watch;
  watch.take(DESK, status({ time: "2026-11-26T09:00:01.000Z" }), false, 1_000);
  expect(watch.changedSince(revision)).toEqual({ revision, pairs: [], events: [], removed: [] });
  watch.take("so101/lab/main/status", status({ state: "holding" }), false, 1_000);
  watch.take("so101/desk/main/events", event(1), false, 1_000);
  watch.take(DESK, Buffer.alloc(0), false, 1_000);
  const { pairs, events, removed } = watch.changedSince(revision);
  expect(pairs.map(({ name, status }) => [name, status?.state])).toEqual([["lab/main", "holding"]]);
  expect(events.map(({ name, number }) => [name, number])).toEqual([["desk/main", 1]]);
  expect(removed).toEqual(["desk/main"]);
});

test("an event that is sent again is one event; after the service's new start its numbers begin anew", () => {
  const watch = new FleetWatch();
  watch.take(DESK, status(), false, 0);
  for (const number of [1, 2, 1, 2, 3]) watch.take("so101/desk/main/events", event(number), false, 0);
  watch.take("so101/desk/main/events", event(1, { startedAt: "2026-11-26T10:00:00.000Z" }), false, 0);
  expect(watch.events.map(({ number }) => number)).toEqual([1, 2, 3, 1]);
  expect(watch.counts.again).toBe(2);
});

test("fields and versions of tomorrow are no trouble", () => {
  const watch = new FleetWatch();
  watch.take(DESK, status({ state: "dancing", colour: "red", driver: null }), false, 0);
  expect(watch.pairs[0]?.status?.state).toBe("dancing");
  watch.take(DESK, bytes({ v: 2, online: "perhaps" }), false, 0);
  expect(watch.pairs[0]).toMatchObject({ presence: "other version", version: 2, status: null });
  watch.take("so101/desk/main/events", bytes({ v: 7 }), false, 0);
  expect(watch.counts).toMatchObject({ otherVersion: 2, rubbish: 0 });
});

test("rubbish is counted, and nothing else comes of it", () => {
  const watch = new FleetWatch();
  watch.take(DESK, status(), false, 0);
  const { revision } = watch;
  const rubbish: readonly (string | Uint8Array)[] = [
    "{",
    "null",
    "[]",
    "1e999",
    '{"v":"1"}',
    '{"v":1}',
    '{"v":1,"online":true}',
    '{"v":1,"online":1,"instance":"a","time":"x"}',
    JSON.stringify({ v: 1, online: true, instance: "a", time: "yesterday" }),
    JSON.stringify({ v: 1, online: true, instance: "a", time, rateHz: "fast" }),
    `{"v":1,"online":true,"instance":"a","time":"${time}","rateHz":1e999}`,
    JSON.stringify({ v: 1, online: true, instance: "a", time, alarms: [1] }),
    "[".repeat(16_000),
    " ".repeat(16_385),
    new Uint8Array([0xff, 0xfe, 0]),
    new Uint8Array(36),
  ];
  for (const payload of rubbish) watch.take(DESK, Buffer.from(payload as string), false, 0);
  const odd = [
    "so101/desk/status",
    "so101/desk/main/status/x",
    "so101/d k/main/status",
    "so101//main/status",
    "other/desk/main/status",
    "",
  ];
  for (const topic of odd) watch.take(topic, status(), false, 0);
  watch.take("so101/desk/main/events", event(1), true, 0);
  watch.take("so101/desk/main/events", event(1.5), false, 0);
  watch.take("so101/desk/main/events", event(1, { time: "never" }), false, 0);
  expect(watch.revision).toBe(revision);
  expect(watch.counts.rubbish).toBe(rubbish.length + odd.length + 3);
});

test("what is too long is cut, and does not hide the machine", () => {
  const watch = new FleetWatch();
  const alarms = Array.from({ length: 100 }, (_, index) => ({ code: `c${index}`, message: "m" }));
  watch.take(DESK, status({ why: "w".repeat(9_000), state: "s".repeat(300), alarms }), false, 0);
  const told = watch.pairs[0]!.status!;
  expect([told.why.length, told.state?.length, told.alarms.length]).toEqual([500, 64, 20]);
});

test("a flood of invented machines takes bounded room, and the newest that are online have it", () => {
  const watch = new FleetWatch();
  for (let machine = 0; machine < 5_000; machine++)
    watch.take(`so101/m${machine}/main/status`, status(), true, machine / 10);
  expect(watch.pairs).toHaveLength(2_000);
  expect(watch.counts.noRoom).toBe(3_000);
  watch.look(10_000);
  watch.take(DESK, status(), false, 10_000);
  expect(watch.pairs).toHaveLength(2_000);
  expect(watch.pairs.find(({ name }) => name === "desk/main")?.presence).toBe("online");
  for (let number = 1; number < 5_000; number++)
    watch.take("so101/desk/main/events", event(number), false, 10_000);
  expect(watch.events.map(({ number }) => number).at(0)).toBe(4_500);
  expect(watch.events).toHaveLength(500);
});
