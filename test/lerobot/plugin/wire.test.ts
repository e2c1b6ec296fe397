import { expect, test } from "bun:test";
import { requestIn } from "../../../src/lerobot/plugin/wire.ts";

const asBytes = (value: unknown) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
const drive = { v: 1, do: "drive", number: 7, target: [0, 1, 2, 3, 4, 5], seen: 1e9 };

test("a target is six numbers, and nothing else", () => {
  expect(requestIn(asBytes(drive))).toEqual(drive as never);
  const none = { kind: "none", number: 7 } as const;
  for (const target of [
    [],
    [0, 1, 2, 3, 4],
    [0, 1, 2, 3, 4, 5, 6],
    "012345",
    null,
    [0, 1, 2, 3, 4, "5"],
    [0, 1, 2, 3, 4, null],
  ]) {
    expect(requestIn(asBytes({ ...drive, target }))).toEqual(none);
  }
  // 1e999 is infinity to whoever reads JSON.
  expect(requestIn(asBytes(JSON.stringify(drive).replace("[0,", "[1e999,")))).toEqual(none);
  expect(requestIn(asBytes({ ...drive, seen: undefined }))).toEqual(none);
});

test("what is no request of this version is known for what it is", () => {
  for (const rubbish of [
    "",
    "{",
    "null",
    "[]",
    '"drive"',
    "NaN",
    '{"v":"1"}',
    JSON.stringify(drive).replace("0,", "NaN,"),
  ]) {
    expect(requestIn(asBytes(rubbish))).toEqual({ kind: "none", number: 0 });
  }
  expect(requestIn(Buffer.from([0xff, 0xfe, 0x00]))).toEqual({ kind: "none", number: 0 });
  expect(requestIn(asBytes({ ...drive, v: 2 }))).toEqual({ kind: "other version", version: 2, number: 7 });
  expect(requestIn(asBytes({ v: 1, do: "torque", number: 3 }))).toEqual({ kind: "none", number: 3 });
});

test("a hello begins anew, unless it says that it only looks again", () => {
  const hello = { v: 1, do: "hello", number: 7, plugin: "0.2.0", lerobot: "0.6.2" };
  expect(requestIn(asBytes(hello))).toEqual({ ...hello, again: false } as never);
  expect(requestIn(asBytes({ ...hello, again: true }))).toEqual({ ...hello, again: true } as never);
});

test("a field that is new is ignored", () => {
  expect(requestIn(asBytes({ ...drive, speed: 3 }))).toEqual(drive as never);
});
