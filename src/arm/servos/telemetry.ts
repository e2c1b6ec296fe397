/** What the servos of an arm report of themselves, for somebody who watches. */
import type { Bus } from "../../feetech/bus.ts";
import {
  type ErrorBitName,
  type MeasuringRegister,
  namesOfErrorBits,
  physicalValue,
  type RegisterName,
} from "../../feetech/registers.ts";
import { ReadRequest, spanOf } from "../../feetech/requests.ts";
import type { Steps } from "../../feetech/units.ts";
import { SERVO_IDS } from "./read.ts";

/** One servo's figures. */
export interface ServoFigures {
  readonly torqueOn: boolean;
  readonly goalSteps: Steps;
  readonly positionSteps: Steps;
  readonly speedStepsPerS: number;
  /** Of the full torque, signed. */
  readonly loadPercent: number;
  readonly currentMa: number;
  readonly voltageV: number;
  readonly temperatureC: number;
  readonly errors: readonly ErrorBitName[];
}

const BLOCK = spanOf("torque_enable", "present_current");
/** A servo that is there answers within 2 ms. */
const ALONE_TIMEOUT_US = 10_000;

/** Reads the figures of an arm again and again. */
export class Telemetry {
  readonly #bus: Bus;
  readonly #together = new ReadRequest(SERVO_IDS, BLOCK);
  readonly #alone = SERVO_IDS.map((id) => new ReadRequest([id], BLOCK));

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  /** Each servo's figures in the joints' order; null where there is no answer. Throws {@link PortError}. */
  read(): (ServoFigures | null)[] {
    this.#bus.exchange(this.#together);
    return SERVO_IDS.map((id, index) => {
      if (this.#together.hasAnswerFrom(index)) return this.#figures(this.#together, index, id);
      // A loose lead may keep the others from taking their turn.
      const alone = this.#alone[index]!;
      return this.#bus.exchange(alone, ALONE_TIMEOUT_US) ? this.#figures(alone, 0, id) : null;
    });
  }

  #figures(read: ReadRequest, index: number, id: number): ServoFigures {
    const value = <Name extends RegisterName>(name: Name) => read.value(index, name);
    const physical = <Name extends MeasuringRegister>(name: Name) => physicalValue(name, value(name));
    return {
      torqueOn: value("torque_enable") !== 0,
      goalSteps: value("goal_position"),
      positionSteps: value("present_position"),
      speedStepsPerS: physical("present_velocity"),
      loadPercent: physical("present_load"),
      currentMa: Math.round(physical("present_current")),
      voltageV: physical("present_voltage"),
      temperatureC: physical("present_temperature"),
      errors: namesOfErrorBits(this.#bus.errorBytes[id]! | value("status")),
    };
  }
}
