import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PairLock, type PairSockets } from "../../src/daemon/pair-lock.ts";

let dir: string;
let own: string;
let system: string;
const held: PairLock[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "so101-pair-lock-"));
  own = join(dir, "user", "main.sock");
  system = join(dir, "run", "main.sock");
});
afterEach(() => {
  for (const lock of held.splice(0)) lock.release();
  rmSync(dir, { recursive: true });
});

const here = { pid: process.pid, name: readFileSync("/proc/self/comm", "utf8").trim() };

function taken(sockets: PairSockets = { own, system }): PairLock {
  const lock = PairLock.take(sockets);
  if (!(lock instanceof PairLock)) throw new Error(`taken by ${JSON.stringify(lock.owner)}`);
  held.push(lock);
  return lock;
}

test("stands beside the socket, in a folder that is made for it; who comes second learns who has it", () => {
  const lock = taken({ own });
  expect(existsSync(`${own}.lock`)).toBe(true);
  expect(PairLock.take({ own })).toEqual({ owner: here });
  lock.release();
  taken({ own });
});

test("where the system's is there, a user's program has both or none", () => {
  const service = taken({ own: system });
  expect(PairLock.take({ own, system })).toEqual({ owner: here });
  expect(existsSync(`${own}.lock`)).toBe(false);
  service.release();
  const user = taken();
  expect(PairLock.take({ own: system })).toEqual({ owner: here });
  user.release();
  const other = taken({ own });
  expect(PairLock.take({ own, system })).toEqual({ owner: here });
  // What it had got of them is free again.
  taken({ own: system }).release();
  other.release();
});

test("no file is made in the system's place by a user", () => {
  mkdirSync(dirname(system));
  taken();
  expect(existsSync(`${system}.lock`)).toBe(false);
});

test("what was wanted last outlives who was killed", () => {
  const lock = taken();
  expect(lock.mode).toBe("running");
  lock.mode = "released";
  lock.release();
  const next = taken();
  expect(next.mode).toBe("released");
  next.mode = "running";
  next.release();
  expect(taken().mode).toBe("running");
});

test("that a leader is not to be followed by itself outlives who was killed, not who was stopped", () => {
  const lock = taken({ own });
  lock.awaitsLeader = true;
  lock.release();
  const next = taken({ own });
  expect(next.awaitsLeader).toBe(true);
  next.noteStopped();
  next.release();
  expect(taken({ own }).awaitsLeader).toBe(false);
});

test("of a program that was stopped who is started next begins anew, but not who waited for its end", () => {
  for (const [after, mode] of [
    ["no wait", "running"],
    ["a wait", "paused"],
  ] as const) {
    const lock = taken({ own });
    lock.mode = "paused";
    lock.noteStopped();
    lock.release();
    const next = PairLock.take({ own }, after) as PairLock;
    expect(next.mode).toBe(mode);
    next.mode = "running";
    next.release();
  }
});

test.each([
  "",
  "nonsense",
  "null",
  '{"pid":1,"name":"so101","mode":"dancing"}',
  '{"pid":1,"name":"a\\nb","mode":"released"}',
  "x".repeat(100_000),
  '{"pid":'.repeat(40),
])("whatever stands in the file (%#) is nobody's wish", (text) => {
  mkdirSync(dirname(own));
  writeFileSync(`${own}.lock`, text);
  const lock = taken();
  expect(lock.mode).toBe("running");
  expect(JSON.parse(readFileSync(`${own}.lock`, "utf8"))).toEqual({ ...here, mode: "running" });
});

test("a file that somebody removed is made and locked again", () => {
  taken({ own: system }).release();
  const lock = taken();
  lock.mode = "paused";
  rmSync(`${system}.lock`);
  rmSync(`${own}.lock`);
  expect(lock.keep()).toBe("kept");
  expect(PairLock.take({ own })).toEqual({ owner: here });
  expect(PairLock.take({ own: system })).toEqual({ owner: here });
  lock.release();
  expect(taken({ own }).mode).toBe("paused");
});

test("a lock that another program has taken by then is lost", () => {
  const lock = taken({ own });
  rmSync(`${own}.lock`);
  taken({ own });
  expect(lock.keep()).toEqual({ owner: here });
});

test("what stands in a removed file's place is left alone, and nobody else can have the pair either", () => {
  const lock = taken({ own });
  rmSync(`${own}.lock`);
  mkdirSync(`${own}.lock`);
  expect(lock.keep()).toBe("kept");
  expect(() => PairLock.take({ own })).toThrow("there is something else");
});
