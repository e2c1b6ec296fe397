/** The fleet's list on its socket: who reads it is told all, then what changes. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FleetWatch } from "../../../src/remote/fleet/watch.ts";
import {
  type FleetUpdate,
  LIST_REQUEST,
  LONGEST_LIST_LINE_BYTES,
} from "../../../src/remote/fleet-list/protocol.ts";
import { readFleetList } from "../../../src/remote/fleet-list/read.ts";
import { FleetListServer } from "../../../src/remote/fleet-list/serve.ts";
import { lose, say } from "../../support/fleet-messages.ts";

let dir: string;
let path: string;
let watch: FleetWatch;
let trouble: string | null;
let ears: number;
let server: FleetListServer;
let over: AbortController;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "so101-fleet-"));
  path = join(dir, "run", "fleet.sock");
  watch = new FleetWatch();
  trouble = null;
  ears = 0;
  over = new AbortController();
  server = new FleetListServer({
    ...{ path, machine: "desk" },
    open() {
      ears++;
      return {
        watch,
        get trouble() {
          return trouble;
        },
        close() {
          ears--;
        },
      };
    },
  });
});
afterEach(() => {
  over.abort();
  server.close();
  expect(existsSync(path)).toBe(false);
  rmSync(dir, { recursive: true });
});

/** What a reader knows, taken in as it comes. */
function reader() {
  const updates = readFleetList([join(dir, "nobody.sock"), path], over.signal);
  const rows = new Map<string, FleetUpdate["pairs"][number]>();
  let last: FleetUpdate | undefined;
  return {
    rows,
    /** Reads until that is so. */
    async until(isSo: (last: FleetUpdate) => boolean) {
      while (last === undefined || !last.isWhole || !isSo(last)) {
        last = (await updates.next()).value as FleetUpdate;
        if (last.isAnew) rows.clear();
        for (const name of last.removed) rows.delete(name);
        for (const row of last.pairs) rows.set(row.name, row);
      }
      return last;
    },
    end: () => updates.return(undefined),
  };
}

test("who reads is told every pair, and what changes of what the list shows", async () => {
  say(watch, "desk/main");
  say(watch, "lab/main", {
    driver: { source: "remote leader", leader: "desk/main", since: "2026-11-26T09:00:00Z" },
  });
  const { rows, until } = reader();
  expect(await until(() => true)).toMatchObject({ machine: "desk", trouble: null, isAnew: true });
  expect([...rows.keys()]).toEqual(["desk/main", "lab/main"]);
  expect(rows.get("lab/main")).toMatchObject({ presence: "online", state: "following", driver: "desk/main" });
  expect(rows.get("desk/main")).toMatchObject({ driver: "local", heardAt: null, alarms: [] });
  // What changes all the time is not listed: the next that comes says that nothing has changed.
  say(watch, "desk/main", { rateHz: 199.5, temperatureC: 32 });
  expect(await until(({ isAnew }) => !isAnew)).toMatchObject({ pairs: [], removed: [] });
  say(watch, "desk/main", { state: "holding", alarms: [{ code: "c", message: "gripper is at 56 °C" }] });
  lose(watch, "lab/main");
  const { pairs } = await until(({ pairs }) => pairs.length > 0);
  expect(pairs.map(({ name }) => name)).toEqual(["desk/main", "lab/main"]);
  expect(rows.get("desk/main")).toMatchObject({
    state: "holding",
    alarms: ["gripper is at 56 °C"],
    alarmCount: 1,
  });
  expect(rows.get("lab/main")).toMatchObject({ presence: "offline", gone: "lost" });
  watch.take("so101/lab/main/status", Buffer.alloc(0), false);
  await until(({ removed }) => removed.includes("lab/main"));
  trouble = "the broker cannot be reached";
  await until(({ trouble }) => trouble !== null);
});

test("the broker is asked while somebody reads, once for all", async () => {
  expect(ears).toBe(0);
  const one = reader();
  await one.until(() => true);
  const other = reader();
  await other.until(() => true);
  expect(ears).toBe(1);
});

test("many pairs with long texts come in lines of a bounded length", async () => {
  const why = "ü".repeat(500);
  const names = Array.from({ length: 1_000 }, (_, at) => `machine-${at}/main`);
  for (const name of names)
    say(watch, name, { why, alarms: Array.from({ length: 10 }, () => ({ code: "c", message: why })) });
  const { rows, until } = reader();
  await until(() => true);
  expect(rows.size).toBe(names.length);
  expect(rows.get("machine-7/main")).toMatchObject({ alarmCount: 10 });
  for (const row of rows.values()) expect(JSON.stringify(row).length).toBeLessThan(2_000);
});

test("pairs that went in great number are forgotten by who reads, too", async () => {
  for (let at = 0; at < 500; at++) say(watch, `machine-${at}/main`);
  const { rows, until } = reader();
  await until(() => true);
  for (let at = 0; at < 400; at++) watch.take(`so101/machine-${at}/main/status`, Buffer.alloc(0), false);
  await until(() => rows.size === 100);
});

test("the socket is for root and the group dialout, and takes the place of one that was left there", () => {
  expect(statSync(path).mode & 0o777).toBe(0o660);
  const next = new FleetListServer({ path, machine: "desk", open: () => expect.unreachable() });
  server.close();
  expect(existsSync(path)).toBe(true);
  next.close();
});

test.each(["\n", "GET / HTTP/1.1\r\n", `${LIST_REQUEST}x`, "x".repeat(200_000)])(
  "who says anything but that he reads is ended: %j",
  async (said) => {
    const socket = connect(path).on("error", () => {});
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.write(said);
    socket.resume();
    await closed;
    await reader().until(() => true);
  },
);

test("who does not read keeps nobody from reading, and at most so many have a place", async () => {
  for (let at = 0; at < 2_000; at++) say(watch, `machine-${at}/main`, { why: "w".repeat(200) });
  const deaf: Socket[] = [];
  for (let at = 0; at < 10; at++) {
    const socket = connect(path).on("error", () => {});
    socket.pause();
    socket.write(LIST_REQUEST);
    deaf.push(socket);
  }
  const { rows, until } = reader();
  await until(() => rows.size === 2_000);
  say(watch, "machine-0/main", { state: "holding" });
  await until(() => rows.get("machine-0/main")?.state === "holding");
  for (const socket of deaf) socket.destroy();
  const storm = Array.from({ length: 40 }, () => connect(path).on("error", () => {}));
  let ended = 0;
  await new Promise<void>((resolve) => {
    for (const socket of storm) {
      socket.resume();
      socket.once("close", () => {
        if (++ended === 40 - 15) resolve();
      });
    }
  });
  for (const socket of storm) socket.destroy();
  expect(LONGEST_LIST_LINE_BYTES).toBeLessThan(262_144);
});
