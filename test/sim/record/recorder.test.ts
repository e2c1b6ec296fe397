import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Recorder } from "../../../src/sim/record/recorder.ts";
import { bytesOf, recordEntries } from "../../../src/sim/testing/record.ts";

let dir: string;
let path: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "so101-record-"));
  path = join(dir, "record.ndjson");
});
afterEach(() => rm(dir, { recursive: true }));

test("what was noted is read back, in its order", async () => {
  const recorder = await Recorder.create(path);
  recorder.packet("request", "leader", Uint8Array.of(0, 1, 2, 3), 1, 3, 10.04, 11);
  recorder.note({ kind: "mark", text: 'a "mark"' }, 12);
  recorder.packet("reply", "follower", Uint8Array.of(0xab), 0, 1, 13, 14);
  await recorder.close();
  const entries = await recordEntries(path);
  expect(entries).toEqual([
    { t: 10, arm: "leader", kind: "request", hex: "0102", firstT: 10, lastT: 11 },
    { t: 12, kind: "mark", text: 'a "mark"' },
    { t: 14, arm: "follower", kind: "reply", hex: "ab", firstT: 13, lastT: 14 },
  ]);
  expect(entries[0]?.kind === "request" && bytesOf(entries[0])).toEqual(Uint8Array.of(1, 2));
});

test("nothing is lost when far more comes than is kept before it is written", async () => {
  const recorder = await Recorder.create(path);
  const packet = new Uint8Array(100);
  for (let i = 0; i < 10_000; i++) {
    packet[0] = i & 0xff;
    recorder.packet("request", "leader", packet, 0, packet.length, i, i);
  }
  await recorder.sync();
  const entries = await recordEntries(path);
  expect(entries).toHaveLength(10_000);
  expect(
    entries.every(
      (entry, i) => entry.t === i && entry.kind === "request" && bytesOf(entry)[0] === (i & 0xff),
    ),
  ).toBe(true);
  await recorder.close();
});

test("a line that is still being written is left out", async () => {
  await Bun.write(path, '{"t":1,"kind":"mark","text":"whole"}\n{"t":2,"kind":"ma');
  expect(await recordEntries(path)).toEqual([{ t: 1, kind: "mark", text: "whole" }]);
});
