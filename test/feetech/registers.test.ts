import { expect, test } from "bun:test";
import {
  fromSignMagnitude,
  namesOfErrorBits,
  physicalRegisterValue,
  physicalValue,
  type Register,
  rawValue,
  registers,
  registerValue,
  setRegisterValue,
  TABLE_SIZE,
  toSignMagnitude,
} from "../../src/feetech/registers.ts";
import { degrees, degreesToSteps, percent, steps, stepsToDegrees, volts } from "../../src/feetech/units.ts";

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
  expect(registerValue("goal_position", image, 4, 40)).toBe(steps(-300));
  expect([...image.subarray(6, 8)]).toEqual([0x2c, 0x81]);
});

test("a register's number is what the servo measured, in the unit that a person has", () => {
  const measured: Record<string, number> = {
    present_position: physicalValue("present_position", -1),
    present_velocity: physicalValue("present_velocity", -300),
    acceleration: physicalValue("acceleration", 254),
    present_voltage: physicalValue("present_voltage", 53),
    present_current: physicalValue("present_current", 3),
    present_load: physicalValue("present_load", -123),
    overload_torque: physicalValue("overload_torque", 80),
    present_temperature: physicalValue("present_temperature", 31),
    protection_time: physicalValue("protection_time", 200),
    return_delay_time: physicalValue("return_delay_time", 250),
  };
  expect(measured).toEqual({
    present_position: -1,
    present_velocity: -300,
    acceleration: 25_400,
    present_voltage: 5.3,
    present_current: 19.5,
    present_load: -12.3,
    overload_torque: 80,
    present_temperature: 31,
    protection_time: 2000,
    return_delay_time: 500,
  });
});

test("a physical value reads back as the number that a register would hold", () => {
  expect(rawValue("present_voltage", volts(5.26))).toBe(53);
  expect(rawValue("torque_limit", percent(50))).toBe(500);
  for (let raw = 0; raw < 256; raw++) {
    expect(rawValue("present_voltage", physicalValue("present_voltage", raw))).toBe(raw);
    expect(rawValue("present_current", physicalValue("present_current", raw))).toBe(raw);
  }
  const image = new Uint8Array(TABLE_SIZE);
  setRegisterValue("max_voltage_limit", rawValue("max_voltage_limit", volts(8)), image);
  expect(physicalRegisterValue("max_voltage_limit", image)).toBe(volts(8));
});

test("a turn is 4096 steps and 360°", () => {
  expect(degreesToSteps(degrees(360))).toBe(steps(4096));
  expect(degreesToSteps(degrees(-45))).toBe(steps(-512));
  expect(stepsToDegrees(steps(512))).toBe(degrees(45));
});

test("the compiler takes no unit for another, nor a plain number for one", () => {
  const turn = steps(4096);
  const mistakes = [
    // @ts-expect-error steps are no degrees
    () => degreesToSteps(turn),
    // @ts-expect-error degrees are no steps
    () => stepsToDegrees(degrees(360)),
    // @ts-expect-error a number without a unit could be anything
    () => stepsToDegrees(4096),
    // @ts-expect-error a share of the torque is no voltage
    () => rawValue("present_voltage", percent(5)),
    // @ts-expect-error a gain has no unit
    () => physicalValue("p_coefficient", 16),
  ];
  expect(mistakes).toHaveLength(5);
});

test("an error byte reads as the names of its bits", () => {
  expect(namesOfErrorBits(0)).toEqual([]);
  expect(namesOfErrorBits(33)).toEqual(["voltage", "overload"]);
});
