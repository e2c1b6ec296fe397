/**
 * The control table of the Feetech STS3215, as data: reading, writing, sign decoding and the simulator
 * all derive from it. From the maker's memory table V3.7.
 */

/** One register: where it is, how wide, what it holds when the servo leaves the factory. */
export interface Register {
  readonly address: number;
  /** 1 byte, or 2 bytes little-endian. */
  readonly size: 1 | 2;
  /** EEPROM survives power and wears with each write; RAM is reset at power-up. */
  readonly area: "eeprom" | "ram";
  readonly factory: number;
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
  /** Units of 2 µs between a request and its reply. */
  return_delay_time: { address: 7, size: 1, area: "eeprom", factory: 250 },
  /** 1: every packet is answered; 0: only ping and read. */
  response_status_level: { address: 8, size: 1, area: "eeprom", factory: 1 },
  min_position_limit: { address: 9, size: 2, area: "eeprom", factory: 0 },
  max_position_limit: { address: 11, size: 2, area: "eeprom", factory: 4095 },
  /** °C. */
  max_temperature_limit: { address: 13, size: 1, area: "eeprom", factory: 70 },
  /** 0.1 V. */
  max_voltage_limit: { address: 14, size: 1, area: "eeprom", factory: 80 },
  /** 0.1 V. */
  min_voltage_limit: { address: 15, size: 1, area: "eeprom", factory: 40 },
  /** 0.1 %; copied to `torque_limit` at power-up, and only then. */
  max_torque_limit: { address: 16, size: 2, area: "eeprom", factory: 1000 },
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
  /** 6.5 mA. */
  protection_current: { address: 28, size: 2, area: "eeprom", factory: 500 },
  angular_resolution: { address: 30, size: 1, area: "eeprom", factory: 1 },
  /** Steps; present position = (encoder − homing offset) mod 4096 while phase bit 4 is clear. */
  homing_offset: { address: 31, size: 2, area: "eeprom", factory: 0, signBit: 11 },
  /** 0: position. */
  operating_mode: { address: 33, size: 1, area: "eeprom", factory: 0 },
  /** % of the torque left while an overload lasts. */
  protective_torque: { address: 34, size: 1, area: "eeprom", factory: 20 },
  /** 10 ms. */
  protection_time: { address: 35, size: 1, area: "eeprom", factory: 200 },
  /** %. */
  overload_torque: { address: 36, size: 1, area: "eeprom", factory: 80 },
  velocity_closed_loop_p_coefficient: { address: 37, size: 1, area: "eeprom", factory: 10 },
  over_current_protection_time: { address: 38, size: 1, area: "eeprom", factory: 200 },
  velocity_closed_loop_i_coefficient: { address: 39, size: 1, area: "eeprom", factory: 10 },
  /** 0 off, 1 on. Never 128: it makes the present position 2048. */
  torque_enable: { address: 40, size: 1, area: "ram", factory: 0 },
  acceleration: { address: 41, size: 1, area: "ram", factory: 0 },
  /** Steps. Writing it energises a limp joint. */
  goal_position: { address: 42, size: 2, area: "ram", factory: 0, signBit: 15 },
  goal_time: { address: 44, size: 2, area: "ram", factory: 0 },
  /** Steps/s; 0: as fast as the servo can. */
  goal_velocity: { address: 46, size: 2, area: "ram", factory: 0, signBit: 15 },
  /** 0.1 %. */
  torque_limit: { address: 48, size: 2, area: "ram", factory: 1000 },
  /** 0: writes to EEPROM persist. */
  lock: { address: 55, size: 1, area: "ram", factory: 1 },
  present_position: { address: 56, size: 2, area: "ram", factory: 0, signBit: 15, readOnly: true },
  present_velocity: { address: 58, size: 2, area: "ram", factory: 0, signBit: 15, readOnly: true },
  /** 0.1 % of the full torque. */
  present_load: { address: 60, size: 2, area: "ram", factory: 0, signBit: 10, readOnly: true },
  /** 0.1 V. */
  present_voltage: { address: 62, size: 1, area: "ram", factory: 0, readOnly: true },
  /** °C. */
  present_temperature: { address: 63, size: 1, area: "ram", factory: 0, readOnly: true },
  status: { address: 65, size: 1, area: "ram", factory: 0, readOnly: true },
  moving: { address: 66, size: 1, area: "ram", factory: 0, readOnly: true },
  /** 6.5 mA. */
  present_current: { address: 69, size: 2, area: "ram", factory: 0, readOnly: true },
  maximum_acceleration: { address: 85, size: 1, area: "ram", factory: 0 },
} as const satisfies Record<string, Register>;

/** The name of a register. */
export type RegisterName = keyof typeof registers;

/** Addresses run to here: the table's last byte is at TABLE_SIZE − 1. */
export const TABLE_SIZE = 87;

/** The model number that an STS3215 reports. */
export const STS3215_MODEL = 777;

/** Steps in one turn of the encoder. */
export const STEPS_PER_TURN = 4096;

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

/** Reads a register out of an image of the table whose first byte is the register at `base`. */
export function registerValue(name: RegisterName, image: Uint8Array, offset = 0, base = 0): number {
  const { address, size, signBit }: Register = registers[name];
  const at = offset + address - base;
  const raw = size === 1 ? image[at]! : image[at]! | (image[at + 1]! << 8);
  return signBit === undefined ? raw : fromSignMagnitude(raw, signBit);
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
