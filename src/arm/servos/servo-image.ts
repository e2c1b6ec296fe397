/** An image of a servo: what its control table held when it was read whole. */
import {
  type MeasuringRegister,
  type PhysicalValue,
  physicalRegisterValue,
  type RegisterName,
  type RegisterValue,
  registerValue,
} from "../../feetech/registers.ts";
import { spanOf } from "../../feetech/requests.ts";
import type { Volts } from "../../feetech/units.ts";

/** The control table from its start to the present current, addresses 0…70: a servo whole, in one packet. */
export const IMAGE_SPAN = spanOf("firmware_major_version", "present_current");

/** What one servo held at one moment. */
export class ServoImage {
  readonly #bytes: Uint8Array;

  /** `bytes` are those of {@link IMAGE_SPAN}. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** What a register held, its sign decoded, in the register's own unit. It must be one of {@link IMAGE_SPAN}. */
  value<Name extends RegisterName>(name: Name): RegisterValue<Name> {
    return registerValue(name, this.#bytes);
  }

  /** What a register held, in a unit of measure: V, mA, °C … */
  physical<Name extends MeasuringRegister>(name: Name): PhysicalValue<Name> {
    return physicalRegisterValue(name, this.#bytes);
  }

  /** `3.10` */
  get firmware(): string {
    return `${this.value("firmware_major_version")}.${this.value("firmware_minor_version")}`;
  }

  /** What the servo measured as its supply. */
  get voltageV(): Volts {
    return this.physical("present_voltage");
  }
}

/** The images of an arm's servos in the joints' order; null where there was no answer. */
export type ServoImages = readonly (ServoImage | null)[];
