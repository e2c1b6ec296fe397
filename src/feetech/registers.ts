/**
 * The control table of the Feetech STS3215, as data: reading, writing, sign decoding, physical values and the simulator
 * all derive from it. From the maker's memory table V3.7.
 */
import type {
  Celsius,
  Microseconds,
  Milliamperes,
  Milliseconds,
  Percent,
  Steps,
  StepsPerS,
  StepsPerS2,
  Volts,
} from "./units.ts";

/** What one of a register's number counts, and the unit that a person has for it. */
interface RegisterUnits {
  steps: Steps;
  "steps/s": StepsPerS;
  "100 steps/s²": StepsPerS2;
  "0.1 V": Volts;
  "6.5 mA": Milliamperes;
  "0.1 %": Percent;
  "%": Percent;
  "°C": Celsius;
  "10 ms": Milliseconds;
  "2 µs": Microseconds;
}

/** What one of a register's number counts. */
export type RegisterUnit = keyof RegisterUnits;

/** So many of a register's number are so many of the unit that a person has: whole numbers, so that rounding is right. */
const scales: { readonly [Unit in RegisterUnit]: { readonly raw: number; readonly physical: number } } = {
  steps: { raw: 1, physical: 1 },
  "steps/s": { raw: 1, physical: 1 },
  "100 steps/s²": { raw: 1, physical: 100 },
  "0.1 V": { raw: 10, physical: 1 },
  "6.5 mA": { raw: 2, physical: 13 },
  "0.1 %": { raw: 10, physical: 1 },
  "%": { raw: 1, physical: 1 },
  "°C": { raw: 1, physical: 1 },
  "10 ms": { raw: 1, physical: 10 },
  "2 µs": { raw: 1, physical: 2 },
};

/** One register: where it is, how wide, what it holds when the servo leaves the factory. */
export interface Register {
  readonly address: number;
  /** 1 byte, or 2 bytes little-endian. */
  readonly size: 1 | 2;
  /** EEPROM survives power and wears with each write; RAM is reset at power-up. */
  readonly area: "eeprom" | "ram";
  readonly factory: number;
  /** What its number counts; absent for codes, bits and gains. */
  readonly unit?: RegisterUnit;
  /** The bit that holds the sign, for registers in sign-magnitude form; absent for unsigned ones. */
  readonly signBit?: number;
  readonly readOnly?: true;
}

/** Every register the program knows, by LeRobot's names in lower case. */
export const registers = {
  firmware_major_version: { address: 0, size: 1, area: "eeprom", factory: 3, readOnly: true },
  firmware_minor_version: { address: 1, size: 1, area: "eeprom", factory: 10, readOnly: true },
  model_number: { address: 3, size: 2, area: "eeprom", factory: 777, readOnly: true },
  id: { address: 5, size: 1, area: "eeprom", factory: 1 },
  baud_rate: { address: 6, size: 1, area: "eeprom", factory: 0 },
  /** Between a request and its reply. */
  return_delay_time: { address: 7, size: 1, area: "eeprom", factory: 250, unit: "2 µs" },
  /** 1: every packet is answered; 0: only ping and read. */
  response_status_level: { address: 8, size: 1, area: "eeprom", factory: 1 },
  min_position_limit: { address: 9, size: 2, area: "eeprom", factory: 0, unit: "steps" },
  max_position_limit: { address: 11, size: 2, area: "eeprom", factory: 4095, unit: "steps" },
  max_temperature_limit: { address: 13, size: 1, area: "eeprom", factory: 70, unit: "°C" },
  max_voltage_limit: { address: 14, size: 1, area: "eeprom", factory: 80, unit: "0.1 V" },
  min_voltage_limit: { address: 15, size: 1, area: "eeprom", factory: 40, unit: "0.1 V" },
  /** Copied to `torque_limit` at power-up, and only then. */
  max_torque_limit: { address: 16, size: 2, area: "eeprom", factory: 1000, unit: "0.1 %" },
  /** Bit 4 set: multi-turn feedback, with which positions leave 0…4095. */
  phase: { address: 18, size: 1, area: "eeprom", factory: 12 },
  unloading_condition: { address: 19, size: 1, area: "eeprom", factory: 44 },
  led_alarm_condition: { address: 20, size: 1, area: "eeprom", factory: 47 },
  p_coefficient: { address: 21, size: 1, area: "eeprom", factory: 32 },
  d_coefficient: { address: 22, size: 1, area: "eeprom", factory: 32 },
  i_coefficient: { address: 23, size: 1, area: "eeprom", factory: 0 },
  minimum_startup_force: { address: 24, size: 2, area: "eeprom", factory: 16 },
  cw_dead_zone: { address: 26, size: 1, area: "eeprom", factory: 1 },
  ccw_dead_zone: { address: 27, size: 1, area: "eeprom", factory: 1 },
  protection_current: { address: 28, size: 2, area: "eeprom", factory: 500, unit: "6.5 mA" },
  angular_resolution: { address: 30, size: 1, area: "eeprom", factory: 1 },
  /** Present position = (encoder − homing offset) mod 4096 while phase bit 4 is clear. */
  homing_offset: { address: 31, size: 2, area: "eeprom", factory: 0, unit: "steps", signBit: 11 },
  /** 0: position. */
  operating_mode: { address: 33, size: 1, area: "eeprom", factory: 0 },
  /** The torque left while an overload lasts. */
  protective_torque: { address: 34, size: 1, area: "eeprom", factory: 20, unit: "%" },
  protection_time: { address: 35, size: 1, area: "eeprom", factory: 200, unit: "10 ms" },
  overload_torque: { address: 36, size: 1, area: "eeprom", factory: 80, unit: "%" },
  velocity_closed_loop_p_coefficient: { address: 37, size: 1, area: "eeprom", factory: 10 },
  over_current_protection_time: { address: 38, size: 1, area: "eeprom", factory: 200 },
  velocity_closed_loop_i_coefficient: { address: 39, size: 1, area: "eeprom", factory: 10 },
  /** 0 off, 1 on. Never 128: it makes the present position 2048. */
  torque_enable: { address: 40, size: 1, area: "ram", factory: 0 },
  acceleration: { address: 41, size: 1, area: "ram", factory: 0, unit: "100 steps/s²" },
  /** Writing it switches the torque on. */
  goal_position: { address: 42, size: 2, area: "ram", factory: 0, unit: "steps", signBit: 15 },
  goal_time: { address: 44, size: 2, area: "ram", factory: 0 },
  /** 0: as fast as the servo can. */
  goal_velocity: { address: 46, size: 2, area: "ram", factory: 0, unit: "steps/s", signBit: 15 },
  torque_limit: { address: 48, size: 2, area: "ram", factory: 1000, unit: "0.1 %" },
  /** 0: writes to EEPROM persist. */
  lock: { address: 55, size: 1, area: "ram", factory: 1 },
  present_position: {
    address: 56,
    size: 2,
    area: "ram",
    factory: 0,
    unit: "steps",
    signBit: 15,
    readOnly: true,
  },
  present_velocity: {
    address: 58,
    size: 2,
    area: "ram",
    factory: 0,
    unit: "steps/s",
    signBit: 15,
    readOnly: true,
  },
  /** Of the full torque. */
  present_load: { address: 60, size: 2, area: "ram", factory: 0, unit: "0.1 %", signBit: 10, readOnly: true },
  present_voltage: { address: 62, size: 1, area: "ram", factory: 0, unit: "0.1 V", readOnly: true },
  present_temperature: { address: 63, size: 1, area: "ram", factory: 0, unit: "°C", readOnly: true },
  status: { address: 65, size: 1, area: "ram", factory: 0, readOnly: true },
  moving: { address: 66, size: 1, area: "ram", factory: 0, readOnly: true },
  present_current: { address: 69, size: 2, area: "ram", factory: 0, unit: "6.5 mA", readOnly: true },
  maximum_acceleration: { address: 85, size: 1, area: "ram", factory: 0, unit: "100 steps/s²" },
} as const satisfies Record<string, Register>;

/** The name of a register. */
export type RegisterName = keyof typeof registers;

/** Addresses run to here: the table's last byte is at TABLE_SIZE − 1. */
export const TABLE_SIZE = 87;

/** The model number that an STS3215 reports, … */
export const STS3215_MODEL = 777;
/** … and that of an STS3250, which has the same table and more force. */
export const STS3250_MODEL = 2825;

/** Baud rates by the code in `baud_rate`, from the maker's table (LeRobot's own differs for codes 5 to 7). */
export const BAUD_RATES = [1_000_000, 500_000, 250_000, 128_000, 115_200, 76_800, 57_600, 38_400] as const;

/** What the bits of a status packet's error byte report. They are reports: the data beside them is valid. */
export const errorBits = {
  voltage: 1,
  sensor: 2,
  overheat: 4,
  overcurrent: 8,
  overload: 32,
} as const;

/** The name of an error bit. */
export type ErrorBitName = keyof typeof errorBits;

/** The names of the bits that are set in a status packet's error byte. */
export function namesOfErrorBits(error: number): ErrorBitName[] {
  return (Object.keys(errorBits) as ErrorBitName[]).filter((name) => (error & errorBits[name]) !== 0);
}

type UnitOf<Name extends RegisterName> = (typeof registers)[Name] extends { readonly unit: infer Unit }
  ? Unit
  : undefined;

/** The name of a register whose number counts something: {@link physicalValue} says how much of it. */
export type MeasuringRegister = {
  [Name in RegisterName]: UnitOf<Name> extends RegisterUnit ? Name : never;
}[RegisterName];

/** What a register holds in the unit that a person has for it, such as {@link Volts}. */
export type PhysicalValue<Name extends MeasuringRegister> =
  UnitOf<Name> extends RegisterUnit ? RegisterUnits[UnitOf<Name>] : never;

/** A register's number: positions and distances are {@link Steps} as they stand, others are told by their register. */
export type RegisterValue<Name extends RegisterName> = UnitOf<Name> extends "steps" ? Steps : number;

/** Reads a register out of an image of the table whose first byte is the register at `base`. */
export function registerValue<Name extends RegisterName>(
  name: Name,
  image: Uint8Array,
  offset = 0,
  base = 0,
): RegisterValue<Name> {
  const { address, size, signBit }: Register = registers[name];
  const at = offset + address - base;
  const raw = size === 1 ? image[at]! : image[at]! | (image[at + 1]! << 8);
  return (signBit === undefined ? raw : fromSignMagnitude(raw, signBit)) as RegisterValue<Name>;
}

/** What a register's number `raw` amounts to: V, mA, %, °C, ms, µs, steps, steps/s, steps/s². */
export function physicalValue<Name extends MeasuringRegister>(name: Name, raw: number): PhysicalValue<Name> {
  const scale = scales[registers[name].unit];
  return ((raw * scale.physical) / scale.raw) as PhysicalValue<Name>;
}

/** The number by which a register holds a physical value: that which is nearest to it. */
export function rawValue<Name extends MeasuringRegister>(name: Name, physical: PhysicalValue<Name>): number {
  const scale = scales[registers[name].unit];
  return Math.round((physical * scale.raw) / scale.physical);
}

/** As {@link registerValue}, in the unit that a person has. */
export function physicalRegisterValue<Name extends MeasuringRegister>(
  name: Name,
  image: Uint8Array,
  offset = 0,
  base = 0,
): PhysicalValue<Name> {
  return physicalValue(name, registerValue(name, image, offset, base));
}

/** Writes a register into an image of the table whose first byte is the register at `base`. */
export function setRegisterValue(
  name: RegisterName,
  value: number,
  image: Uint8Array,
  offset = 0,
  base = 0,
): void {
  const { address, size, signBit }: Register = registers[name];
  const at = offset + address - base;
  const raw = signBit === undefined ? value : toSignMagnitude(value, signBit);
  image[at] = raw & 0xff;
  if (size === 2) image[at + 1] = raw >> 8;
}

/** Decodes a sign-magnitude word: `signBit` set means negative, the bits below it are the magnitude. */
export function fromSignMagnitude(raw: number, signBit: number): number {
  const sign = 1 << signBit;
  const magnitude = raw & (sign - 1);
  return (raw & sign) === 0 ? magnitude : -magnitude;
}

/** Encodes a sign-magnitude word. Throws RangeError when the magnitude does not fit below the sign bit. */
export function toSignMagnitude(value: number, signBit: number): number {
  const sign = 1 << signBit;
  const magnitude = Math.abs(value);
  if (!Number.isInteger(value) || magnitude >= sign) {
    throw new RangeError(
      `${value} does not fit in sign-magnitude form with sign bit ${signBit} (±${sign - 1})`,
    );
  }
  return value < 0 ? sign | magnitude : magnitude;
}
