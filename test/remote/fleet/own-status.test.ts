import { expect, test } from "bun:test";
import { ownStatus, textOf } from "../../../src/remote/fleet/own-status.ts";
import { LONGEST_MESSAGE_BYTES, readStatus } from "../../../src/remote/fleet/protocol.ts";

const speaker = { instance: "a1", takesCommands: false };

test("a pair whose service does not run is there, and says so", () => {
  const status = ownStatus(undefined, speaker);
  expect(readStatus(Buffer.from(textOf(status)))).toEqual({ is: "read", read: status });
  expect([status.online, status.state]).toEqual([true, null]);
});

test("a status of many long alarms is still one that can be read", () => {
  const alarms = Array.from({ length: 20 }, (_, index) => ({ code: `c${index}`, message: "ü€".repeat(250) }));
  const text = textOf({ ...ownStatus(undefined, speaker), alarms });
  expect(Buffer.byteLength(text)).toBeLessThan(LONGEST_MESSAGE_BYTES);
  const reading = readStatus(Buffer.from(text));
  expect(reading.is === "read" && reading.read.online && reading.read.alarms.length).toBeGreaterThan(5);
});
