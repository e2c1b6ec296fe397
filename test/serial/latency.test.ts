import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { latencyTimerOf } from "../../src/serial/latency-timer.ts";

/** A port by a link, and its adapter's file, as Linux has them. */
function adapter(timer: string | undefined) {
  const dir = mkdtempSync(join(tmpdir(), "so101-latency-"));
  const file = join(dir, "sys/ttyUSB0/device/latency_timer");
  mkdirSync(join(dir, "sys/ttyUSB0/device"), { recursive: true });
  writeFileSync(join(dir, "ttyUSB0"), "");
  symlinkSync(join(dir, "ttyUSB0"), join(dir, "leader"));
  if (timer !== undefined) writeFileSync(file, timer);
  const found = () => latencyTimerOf(join(dir, "leader"), join(dir, "sys"));
  return { file, found, [Symbol.dispose]: () => rmSync(dir, { recursive: true }) };
}

test("an adapter that holds replies back is told by its port, with the file that sets it", () => {
  using it = adapter("16\n");
  expect(it.found()).toEqual({ ms: 16, file: it.file });
});

test.each([
  ["the shortest time", "1\n"],
  ["no timer", undefined],
  ["what is no number", "soon"],
] as const)("one with %s holds nothing back", (_, timer) => {
  using it = adapter(timer);
  expect(it.found()).toBeUndefined();
});

test("a port that is not there has no adapter", () => {
  expect(latencyTimerOf("/dev/none-such")).toBeUndefined();
});
