/** The control table of one simulated servo: EEPROM and RAM, the lock between them, and what writing costs. */
import {
  type Register,
  type RegisterName,
  registers,
  registerValue,
  setRegisterValue,
  TABLE_SIZE,
} from "../../feetech/registers.ts";
import { type Firmware, plainFirmware } from "./firmware.ts";

/** The first address that is RAM: what is below it survives power. */
export const EEPROM_SIZE = 40;

/** With firmware that is said to do so, EEPROM reads back as zeros for so long after a write. */
const EEPROM_BUSY_US = 200_000;

/** Values of registers by name. */
export type RegisterValues = Partial<Record<RegisterName, number>>;

/** A register in EEPROM was written; `persisted` when the lock was open, so that its cells wore. */
export interface EepromEvent {
  event: "eeprom";
  register: RegisterName;
  before: number;
  after: number;
  persisted: boolean;
}

const allRegisters = Object.entries(registers) as [RegisterName, Register][];
const readOnlyCells = new Set<number>();
for (const [, { address, size, readOnly }] of allRegisters) {
  for (let i = 0; readOnly && i < size; i++) readOnlyCells.add(address + i);
}

/** EEPROM as the factory leaves it, but for the given values. */
export function factoryEeprom(values: RegisterValues): number[] {
  const image = new Uint8Array(EEPROM_SIZE);
  for (const [name, { area, factory }] of allRegisters) {
    if (area === "eeprom") setRegisterValue(name, values[name] ?? factory, image);
  }
  return [...image];
}

/** The registers of a servo. {@link get}, {@link copy} and writes to RAM allocate nothing. */
export class ControlTable {
  /** May be changed at any time. */
  readonly firmware: Firmware = plainFirmware();
  /** What is in force; the EEPROM part may differ from what persists. */
  readonly #cells = new Uint8Array(TABLE_SIZE);
  readonly #eeprom: Uint8Array;
  readonly #wear: Uint32Array;
  readonly #before = new Uint8Array(EEPROM_SIZE);
  readonly #tell: (event: EepromEvent) => void;
  #busyUntilUs = 0;

  /** `eeprom` is the image that persists, `wear` how often each of its cells was written. */
  constructor(eeprom: readonly number[], wear: readonly number[], tell: (event: EepromEvent) => void) {
    this.#eeprom = Uint8Array.from(eeprom);
    this.#wear = Uint32Array.from(wear);
    this.#tell = tell;
    this.powerUp();
  }

  /** EEPROM as it persists. */
  get eeprom(): number[] {
    return [...this.#eeprom];
  }

  /** The goal nearest to a position that the firmware takes, steps. */
  nearestGoal(position: number): number {
    const min = this.get("min_position_limit");
    const max = this.get("max_position_limit");
    return !this.firmware.clampsGoals || min === max ? position : Math.min(Math.max(position, min), max);
  }

  /** Writes of each EEPROM cell so far. */
  get wear(): number[] {
    return [...this.#wear];
  }

  get(name: RegisterName): number {
    return registerValue(name, this.#cells);
  }

  /** Sets a register as the servo itself does. Throws RangeError when the value does not fit. */
  set(name: RegisterName, value: number): void {
    setRegisterValue(name, value, this.#cells);
  }

  /** Every register as it is in force. */
  values(): Record<RegisterName, number> {
    return Object.fromEntries(allRegisters.map(([name]) => [name, this.get(name)])) as Record<
      RegisterName,
      number
    >;
  }

  /** Sets registers and what persists of them, with no lock, wear or delay. Throws RangeError for what does not fit. */
  setValues(values: RegisterValues): void {
    for (const [name, value] of Object.entries(values) as [RegisterName, number][]) {
      const { size, signBit }: Register = registers[name];
      if (signBit === undefined && (value < 0 || value >= 256 ** size)) {
        throw new RangeError(`${value} does not fit in ${name}, which has ${size} byte(s)`);
      }
      this.set(name, value);
      if (registers[name].area === "eeprom") setRegisterValue(name, value, this.#eeprom);
    }
  }

  /** RAM takes its defaults, and EEPROM what persisted. */
  powerUp(): void {
    this.#cells.fill(0);
    this.#cells.set(this.#eeprom);
    for (const [name, { area, factory }] of allRegisters) {
      if (area === "ram") this.set(name, factory);
    }
    this.set("torque_limit", this.get("max_torque_limit"));
    this.#busyUntilUs = 0;
  }

  /** EEPROM is as from the factory again, but for the id. */
  wipe(): void {
    this.#eeprom.set(factoryEeprom({ id: this.get("id") }));
    this.#cells.set(this.#eeprom);
  }

  /** Copies `count` cells from `address` on, as a read sees them, to the start of `out`. */
  copy(address: number, count: number, nowUs: number, out: Uint8Array): void {
    const busy = this.firmware.zerosAfterEepromWrite && nowUs < this.#busyUntilUs;
    for (let i = 0; i < count; i++) {
      const cell = address + i;
      out[i] = cell >= TABLE_SIZE || (busy && cell < EEPROM_SIZE) ? 0 : this.#cells[cell]!;
    }
  }

  /** Writes `count` bytes of `data`, from `at` on, to the cells from `address` on, as far as these can be written. */
  write(data: Uint8Array, at: number, address: number, count: number, nowUs: number): void {
    const end = Math.min(address + count, TABLE_SIZE);
    const eepromEnd = Math.min(end, EEPROM_SIZE);
    const persisted = this.get("lock") === 0;
    const maximumBefore = this.get("maximum_acceleration");
    if (address < eepromEnd) this.#before.set(this.#cells.subarray(0, EEPROM_SIZE));
    for (let cell = address; cell < end; cell++) {
      if (readOnlyCells.has(cell)) continue;
      const value = data[at + cell - address]!;
      this.#cells[cell] = value;
      if (cell >= EEPROM_SIZE || !persisted) continue;
      this.#eeprom[cell] = value;
      this.#wear[cell]!++;
      this.#busyUntilUs = nowUs + EEPROM_BUSY_US;
    }
    this.#clamp(maximumBefore, persisted);
    if (address < eepromEnd) this.#tellWritten(address, eepromEnd, persisted);
  }

  /** What the firmware makes of values that it does not take as they were sent. */
  #clamp(maximumBefore: number, isOpen: boolean): void {
    const { clampsAcceleration, highestAcceleration } = this.firmware;
    if (clampsAcceleration && !isOpen) this.set("maximum_acceleration", maximumBefore);
    const highest = clampsAcceleration ? this.get("maximum_acceleration") : highestAcceleration;
    if (this.get("acceleration") > highest) this.set("acceleration", highest);
    const goal = this.get("goal_position");
    const taken = this.nearestGoal(goal);
    if (taken !== goal) this.set("goal_position", taken);
  }

  #tellWritten(start: number, end: number, persisted: boolean): void {
    for (const [register, { address, size, readOnly }] of allRegisters) {
      if (readOnly || address >= end || address + size <= start) continue;
      const before = registerValue(register, this.#before);
      this.#tell({ event: "eeprom", register, before, after: this.get(register), persisted });
    }
  }
}
