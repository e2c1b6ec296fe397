import { expect, test } from "bun:test";
import { type Asker, type Place, whoMakesRoom } from "../../../src/daemon/requests/places.ts";

const NOW_MS = 100_000;

/** A process with so many connections beside those that a test makes. */
const asker = (pid: number): Asker => ({ pid, places: 0 });

/** A connection that has been idle for so long. */
function place(of: Asker, idleMs: number, isWatcher = false): Place {
  of.places++;
  return { asker: of, activeMs: NOW_MS - idleMs, isWatcher, isHeld: false };
}

const roomFor = (newcomer: Asker, places: readonly Place[]) => whoMakesRoom(places, newcomer, NOW_MS);

test("who has been silent longest makes room, if for a second, whatever the others do", () => {
  const [one, other] = [asker(1), asker(2)];
  const silent = place(other, 1_000);
  const places = [place(one, 999), place(one, 5_000, true), silent, place(one, 1_000 - 1)];
  expect(roomFor(asker(3), places)).toBe(silent);
  const longer = place(one, 1_001);
  expect(roomFor(asker(3), [...places, longer])).toBe(longer);
});

test("a connection that stands for something keeps its place, however long it is silent", () => {
  const [one, crowd] = [asker(1), asker(2)];
  const held = { ...place(crowd, 3_600_000), isHeld: true };
  expect(roomFor(one, [held])).toBeUndefined();
  const others = Array.from({ length: 5 }, (_, index) => place(crowd, 100 + index));
  expect(roomFor(one, [held, ...others])).toBe(others.at(-1)!);
  const watching = { ...place(crowd, 3_600_000, true), isHeld: true };
  expect(roomFor(crowd, [watching, held])).toBeUndefined();
});

test("else the watcher that has been idle longest does, also for its own process", () => {
  const one = asker(1);
  const idle = place(one, 900, true);
  const places = [place(one, 990), place(one, 10, true), idle, place(one, 0)];
  expect(roomFor(asker(2), places)).toBe(idle);
  expect(roomFor(one, places)).toBe(idle);
});

test("of the process that has most: who has few connections keeps them, however many others come", () => {
  const [crowd, few] = [asker(1), asker(2)];
  const oldest = place(crowd, 50);
  const places = [oldest, ...Array.from({ length: 20 }, () => place(crowd, 1)), place(few, 900, true)];
  expect(roomFor(asker(3), places)).toBe(oldest);
  expect(roomFor(few, places)).toBe(oldest);
});

test("nobody makes room for one more of the process that has most", () => {
  const crowd = asker(1);
  const places = [...Array.from({ length: 20 }, () => place(crowd, 900)), place(asker(2), 900, true)];
  expect(roomFor(crowd, places)).toBeUndefined();
});

test("where each process has one, whoever has been idle longest makes room", () => {
  const places = [place(asker(1), 10), place(asker(2), 20), place(asker(3), 5)];
  expect(roomFor(asker(4), places)).toBe(places[1]!);
});
