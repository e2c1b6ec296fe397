/** Writing EEPROM: compare, write only what differs, settle once for the whole batch, verify. */
import { sleepForUs } from "../linux/clock.ts";
import type { Bus } from "./bus.ts";
import { BusError, type Concerned } from "./bus-error.ts";
import { type RegisterName, registers } from "./registers.ts";
import { ReadRequest } from "./requests.ts";

/** A register of EEPROM does not keep what is written to it. */
export class EepromError extends BusError {
  declare readonly register: RegisterName;
  declare readonly value: number;

  constructor(bus: Bus, id: number, written: Concerned) {
    super(bus, id, "not written", written);
    this.message = `${bus.nameOf(id)} does not keep ${written.register} = ${written.value}`;
  }
}

/** One register to be changed in one servo. */
export interface EepromChange {
  readonly bus: Bus;
  readonly id: number;
  readonly register: RegisterName;
  readonly value: number;
}

/** After a write EEPROM may read back as plausible zeros for up to 0.2 s (one project's measurement). */
export const EEPROM_SETTLE_US = 300_000;

/** A cell that did not take its value gets it once more, after the first verification has shown so. */
const ROUNDS = 2;

/** What lies in EEPROM: the addresses below the first register of RAM. */
const EEPROM_BLOCK = { address: 0, length: registers.torque_enable.address };

/**
 * Brings the EEPROM of any number of servos, on any number of buses, to the values given.
 * Cells that hold their value already are not written: every write wears the cell. Takes some ms when nothing
 * differs and about {@link EEPROM_SETTLE_US} when something does. Returns how many registers were written.
 * Throws {@link EepromError} when a servo does not keep a value, {@link BusError} when one does not answer.
 */
export function writeEeprom(changes: readonly EepromChange[]): number {
  let pending = differing(changes);
  const servos = servosOf(pending);
  let written = 0;
  for (let round = 0; round < ROUNDS && pending.length > 0; round++) {
    for (const { bus, id } of servos) bus.writeRam(id, "lock", 0);
    for (const { bus, id, register, value } of pending) bus.write(id, register, value);
    written += pending.length;
    letSettle(pending);
    pending = differing(pending);
  }
  for (const { bus, id } of servos) bus.writeRam(id, "lock", 1);
  const failed = pending[0];
  if (failed !== undefined) {
    const { bus, id, register, value } = failed;
    throw new EepromError(bus, id, { register, value });
  }
  return written;
}

/** The buses of one arm, or of both, go by one clock. */
function letSettle([change]: readonly EepromChange[]): void {
  if (change !== undefined) sleepForUs(change.bus.clock, EEPROM_SETTLE_US);
}

function differing(changes: readonly EepromChange[]): EepromChange[] {
  const images = new Map<Bus, Map<number, ReadRequest>>();
  return changes.filter(({ bus, id, register, value }) => {
    const ofBus = images.get(bus) ?? new Map<number, ReadRequest>();
    images.set(bus, ofBus);
    let image = ofBus.get(id);
    if (image === undefined) {
      image = new ReadRequest([id], EEPROM_BLOCK);
      bus.readAll(image);
      ofBus.set(id, image);
    }
    return image.value(0, register) !== value;
  });
}

function servosOf(changes: readonly EepromChange[]): { bus: Bus; id: number }[] {
  const servos: { bus: Bus; id: number }[] = [];
  for (const { bus, id } of changes) {
    if (!servos.some((servo) => servo.bus === bus && servo.id === id)) servos.push({ bus, id });
  }
  return servos;
}
