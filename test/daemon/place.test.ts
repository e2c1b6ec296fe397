import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { askService } from "../../src/api/client.ts";
import type { ApiSubject } from "../../src/daemon/api/server.ts";
import { PairLock } from "../../src/daemon/pair-lock.ts";
import { type Place, type PlaceOptions, takePlace } from "../../src/daemon/place.ts";
import type { Problem } from "../../src/teleop/reporting/problem.ts";
import { aStatus } from "../support/status.ts";

let dir: string;
let socket: string;
let told: Problem[];
let lost: Problem[];
let looks: number;
const ended = new AbortController();
const places: Place[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "so101-place-"));
  socket = join(dir, "run", "main.sock");
  [told, lost, looks] = [[], [], 0];
});
afterEach(() => {
  for (const place of places.splice(0)) place.give();
  rmSync(dir, { recursive: true });
});

/** One that answers with this pid. */
const subject = (pid: number) => ({ status: () => ({ ...aStatus, pid }) }) as ApiSubject;

async function take(pid: number, options: Partial<PlaceOptions> = {}): Promise<Place | undefined> {
  const place = await takePlace({
    ...{ pair: "main", socket, subject: subject(pid), signal: ended.signal },
    waits: (why) => told.push(why),
    alive: () => looks++,
    tell: (_, problem) => told.push(problem),
    lost: (why) => lost.push(why),
    ...options,
  });
  if (place !== undefined) places.push(place);
  return place;
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + 20_000; !(await isSo()); await Bun.sleep(10)) {
    if (performance.now() > deadline) throw new Error(`in vain; told: ${JSON.stringify({ told, lost })}`);
  }
}

const whoAnswers = async () =>
  (await askService([socket], { do: "status" }).catch(() => undefined))?.pid ?? "nobody";
const here = { pid: process.pid, name: readFileSync("/proc/self/comm", "utf8").trim() };

describe("the place of a pair", () => {
  test("is one program's: the second waits, does not listen, says once who has it, and has it when that one ends", async () => {
    const first = await take(1);
    const waiting = take(2);
    await until(() => looks >= 5);
    expect(told).toEqual([{ code: "pair.taken", stage: "waiting", owner: here }]);
    expect(await whoAnswers()).toBe(1);
    first!.give();
    await waiting;
    expect(await whoAnswers()).toBe(2);
    expect(told).toHaveLength(1);
  });

  test("is given to one of many that wait", async () => {
    const first = await take(1);
    const over = new AbortController();
    const others = [2, 3, 4, 5].map((pid) => take(pid, { signal: over.signal }));
    await until(() => looks >= 8);
    first!.give();
    const second = await Promise.race(others);
    expect(second).toBeDefined();
    over.abort();
    const rest = await Promise.all(others);
    expect(rest.filter((place) => place !== undefined)).toHaveLength(1);
  });

  test("is not waited for once that is ended, and nothing is left behind", async () => {
    await take(1);
    const over = new AbortController();
    const waiting = take(2, { signal: over.signal });
    await until(() => looks >= 2);
    over.abort();
    expect(await waiting).toBeUndefined();
    expect(readdirSync(join(dir, "run")).sort()).toEqual(["main.sock", "main.sock.lock"]);
  });

  test("is not taken from a program without a lock that answers on the socket, as one of version 0.1 does", async () => {
    mkdirSync(join(dir, "run"));
    const old = createServer((connection) => connection.destroy()).listen(socket);
    const waiting = take(2);
    await until(() => looks >= 3);
    expect(told).toEqual([{ code: "pair.taken", stage: "waiting", owner: undefined }]);
    old.close();
    await waiting;
    expect(await whoAnswers()).toBe(2);
  });

  test("can be had again when what stood in its way is gone", async () => {
    mkdirSync(socket, { recursive: true });
    const waiting = take(1);
    await until(() => looks >= 3);
    expect(told).toEqual([{ code: "control.refused", why: `there is something else at ${socket}` }]);
    rmSync(socket, { recursive: true });
    expect(await waiting).toBeDefined();
    expect(await whoAnswers()).toBe(1);
  });

  test("is given up by who does not want to wait", async () => {
    await take(1);
    const impatient = take(2, {
      waits: (why) => {
        throw new Error(why.code);
      },
    });
    await expect(impatient).rejects.toThrow("pair.taken");
    expect(await whoAnswers()).toBe(1);
  });

  test("where no socket can be made is refused with the reason, and the lock is free again", async () => {
    const over = new AbortController();
    const long = join(dir, "x".repeat(120));
    const waiting = take(1, { socket: long, signal: over.signal });
    await until(() => told.length > 0);
    expect(told).toMatchObject([{ code: "control.refused" }]);
    over.abort();
    await waiting;
    const lock = PairLock.take({ own: long });
    expect(lock).toBeInstanceOf(PairLock);
    (lock as PairLock).release();
  });
});

describe("whoever has the place keeps it", () => {
  const ruins: Readonly<Record<string, () => void>> = {
    "the socket is removed": () => rmSync(socket),
    "a file stands in its place, and goes": () => {
      rmSync(socket);
      writeFileSync(socket, "");
      setTimeout(() => rmSync(socket), 800);
    },
    "both are removed": () => {
      rmSync(socket);
      rmSync(`${socket}.lock`);
    },
    "the folder is removed": () => rmSync(join(dir, "run"), { recursive: true }),
  };

  test.each(Object.entries(ruins))("when %s", async (_, ruin) => {
    await take(1);
    ruin();
    await until(async () => (await whoAnswers()) === 1);
    expect(PairLock.take({ own: socket })).toEqual({ owner: here });
    await until(() => told.at(-1)?.code === "control.made-again");
    expect(lost).toEqual([]);
  });

  test("when its lock alone is removed: who comes then finds it answering", async () => {
    await take(1);
    rmSync(`${socket}.lock`);
    const over = new AbortController();
    const waiting = take(2, { signal: over.signal });
    await until(() => told.some((problem) => problem.code === "pair.taken" && problem.owner !== undefined));
    expect([await whoAnswers(), lost]).toEqual([1, []]);
    over.abort();
    await waiting;
  });

  test("until another program was faster when both were removed: then it is that one's", async () => {
    await take(1);
    rmSync(socket);
    rmSync(`${socket}.lock`);
    await take(2);
    await until(() => lost.length > 0);
    expect(lost).toEqual([{ code: "pair.taken", stage: "lost", owner: here }]);
    places.shift()!.give();
    expect(await whoAnswers()).toBe(2);
    expect(existsSync(socket)).toBe(true);
  });
});
