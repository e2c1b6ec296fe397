/** What a service has told, fetched bit by bit. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ToldEvents } from "../../../src/web/health/told-events.ts";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "so101-told-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

/** A service that has told so many events since it started then, and what it was asked. */
function service(path: string) {
  const asked: number[] = [];
  const it = { count: 0, startedAt: "10:00", asked };
  const listener = Bun.listen({
    unix: path,
    socket: {
      data(client, line) {
        const { after } = JSON.parse(line.toString()) as { after: number };
        asked.push(after);
        const from = Math.max(after, it.count - 500);
        const numbers = Array.from({ length: Math.min(50, it.count - from) }, (_, index) => from + index + 1);
        const events = numbers.map((number) => ({
          number,
          time: `${it.startedAt}:${number}`,
          code: "SO101-E018 leader.arm.back",
          severity: "info",
          message: `${number}`,
        }));
        client.write(`${JSON.stringify({ v: 1, ok: true, events })}\n`);
      },
    },
  });
  return Object.assign(it, { [Symbol.dispose]: () => listener.stop(true) });
}

test("only what is new is fetched, 500 are kept, and a service that was started again begins anew", async () => {
  const path = join(dir, "a.sock");
  using its = service(path);
  const told = new ToldEvents([path]);
  const numbers = async () => (await told.ask()).map(({ number }) => number);
  expect(await numbers()).toEqual([]);
  its.count = 499;
  expect((await numbers()).length).toBe(499);
  its.asked.length = 0;
  its.count = 502;
  const kept = await numbers();
  expect([kept[0], kept.at(-1), kept.length]).toEqual([3, 502, 500]);
  expect(its.asked).toEqual([498, 502]);
  its.startedAt = "11:00";
  its.count = 3;
  expect(await numbers()).toEqual([1, 2, 3]);
  // As many as before, and others.
  its.startedAt = "12:00";
  expect((await told.ask()).map(({ time }) => time)).toEqual(["12:00:1", "12:00:2", "12:00:3"]);
});
