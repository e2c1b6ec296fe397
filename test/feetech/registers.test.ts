import { expect, test } from "bun:test";
import {
  fromSignMagnitude,
  namesOfErrorBits,
  type Register,
  registers,
  registerValue,
  setRegisterValue,
  TABLE_SIZE,
  toSignMagnitude,
} from "../../src/feetech/registers.ts";

test("no two registers overlap and none lies beyond the table", () => {
  const used = new Set<number>();
  for (const { address, size } of Object.values<Register>(registers)) {
    for (let at = address; at < address + size; at++) {
      expect(used.has(at)).toBe(false);
      expect(at).toBeLessThan(TABLE_SIZE);
      used.add(at);
    }
  }
});

test("an offset is a magnitude and a sign in bit 11", () => {
  expect(toSignMagnitude(-1250, 11)).toBe(2048 + 1250);
  expect(fromSignMagnitude(2048 + 1250, 11)).toBe(-1250);
  for (let value = -2047; value <= 2047; value++) {
    expect(fromSignMagnitude(toSignMagnitude(value, 11), 11)).toBe(value);
  }
});

test("an offset beyond ±2047 does not fit and is refused", () => {
  expect(() => toSignMagnitude(2048, 11)).toThrow("does not fit");
  expect(() => toSignMagnitude(-2048, 11)).toThrow("does not fit");
});

test("a register is read from where it was written in an image of part of the table", () => {
  const image = new Uint8Array(20);
  setRegisterValue("goal_position", -300, image, 4, 40);
  expect(registerValue("goal_position", image, 4, 40)).toBe(-300);
  expect([...image.subarray(6, 8)]).toEqual([0x2c, 0x81]);
});

test("an error byte reads as the names of its bits", () => {
  expect(namesOfErrorBits(0)).toEqual([]);
  expect(namesOfErrorBits(33)).toEqual(["voltage", "overload"]);
});
