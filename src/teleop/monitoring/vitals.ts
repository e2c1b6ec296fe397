/** Judges what an arm's servos report of themselves: warmth and voltage, before the servos' own limits strike. */
import type { ArmIdentity } from "../../arm/identity.ts";
import { JOINT_COUNT, JOINTS } from "../../arm/joints.ts";
import { SERVO_IDS } from "../../arm/servos/read.ts";
import type { Bus } from "../../feetech/bus.ts";
import { physicalValue } from "../../feetech/registers.ts";
import { ReadRequest, spanOf } from "../../feetech/requests.ts";
import type { Problem } from "../reporting/problem.ts";
import type { HeatLimits } from "../state/conditions.ts";
import type { Alarms } from "./alarms.ts";

/** From which figures on what is done. */
export interface HealthLimits {
  /** It is said that a servo is warm, … */
  readonly warnTemperatureC: number;
  /** … the follower moves slowly, … */
  readonly slowTemperatureC: number;
  /** … it is released until it is cool. */
  readonly releaseTemperatureC: number;
  /** It is said that the supply is weak when the voltage falls by so much below what is usual. */
  readonly voltageSagPercent: number;
}

/** How warm a servo is, by the limits that it has reached. */
export const Heat = { normal: 0, warm: 1, slow: 2, release: 3 } as const;

/** A figure counts when the next reading confirms it: one may be damaged and yet have the right checksum. */
const BELIEVED_AFTER = 2;

/** A servo is cooler again when it is so much below what it had reached. */
const COOLER_BY_C = 3;
/** After a release it must be much cooler: else it would be released again at once. */
const COOL_BY_C = 10;
/** Whatever is configured, the servo's own limit is not reached: it would let its joint drop. */
const BELOW_OWN_LIMIT_C = 3;

/** The voltage has recovered when it is back by so much of what it fell. */
const RECOVERED_SHARE = 0.5;

/**
 * What counts as the supply's voltage follows each reading by this share: within seconds while all is well, and in
 * minutes during a sag, which in the end is the supply's voltage.
 */
const USUAL_FOLLOWS = 0.002;
const USUAL_FOLLOWS_SAG = 0.0002;

/** The figures of one arm. Nothing here allocates while nothing changes. */
export class Vitals {
  /** The greatest heat of any joint. */
  heat: number = Heat.normal;
  /** The joint that has it. */
  hottest = 0;

  readonly #arm: ArmIdentity;
  readonly #limits: HealthLimits;
  readonly #alarms: Alarms;
  /** By joint, the limit that is reached in °C: [0], those of {@link Heat}. */
  readonly #thresholds: Int32Array;
  readonly #heat = new Uint8Array(JOINT_COUNT);
  readonly #rising = new Uint8Array(JOINT_COUNT);
  /** The voltage that is usual, 0.1 V. */
  #usual = Number.NaN;
  #sagging = 0;
  #sags = false;

  /** `ownLimitsC` are the servos' own, in the joints' order. */
  constructor(arm: ArmIdentity, limits: HealthLimits, ownLimitsC: readonly number[], alarms: Alarms) {
    this.#arm = arm;
    this.#limits = limits;
    this.#alarms = alarms;
    const wanted = [limits.warnTemperatureC, limits.slowTemperatureC, limits.releaseTemperatureC];
    this.#thresholds = Int32Array.from(
      ownLimitsC.flatMap((own) =>
        wanted.map((celsius, index) => Math.min(celsius, own - BELOW_OWN_LIMIT_C * (wanted.length - index))),
      ),
    );
  }

  /** Takes in one servo's figures: °C, and 0.1 V. */
  take(joint: number, temperature: number, voltage: number): void {
    this.#judgeHeat(joint, temperature);
    this.#judgeVoltage(joint, voltage);
  }

  /** Takes in the temperatures of all servos after a rest, in °C in the joints' order: what they had reached is over. */
  settle(celsius: readonly number[]): void {
    celsius.forEach((each, joint) => {
      let heat: number = Heat.normal;
      while (heat < Heat.release && each >= this.#threshold(joint, heat + 1)) heat++;
      this.#enter(joint, heat, each);
    });
  }

  /** The temperatures that keep a joint from having its torque, °C, in the joints' order. */
  get heatLimits(): HeatLimits {
    const joints = Array.from({ length: JOINT_COUNT }, (_, joint) => joint);
    return {
      releaseFromC: joints.map((joint) => this.releaseFromC(joint)),
      coolBelowC: joints.map((joint) => this.coolBelowC(joint)),
    };
  }

  /** The temperature below which a joint that was released for its heat is cool again, °C. */
  coolBelowC(joint: number): number {
    return this.#threshold(joint, Heat.release) - COOL_BY_C;
  }

  /** The temperature from which a joint is released, °C. */
  releaseFromC(joint: number): number {
    return this.#threshold(joint, Heat.release);
  }

  #threshold(joint: number, heat: number): number {
    return this.#thresholds[joint * 3 + heat - 1]!;
  }

  #judgeHeat(joint: number, celsius: number): void {
    const before = this.#heat[joint]!;
    let heat = before;
    if (heat < Heat.release && celsius >= this.#threshold(joint, heat + 1)) {
      if (++this.#rising[joint]! < BELIEVED_AFTER) return;
      while (heat < Heat.release && celsius >= this.#threshold(joint, heat + 1)) heat++;
    } else {
      while (heat > Heat.normal && celsius < this.#threshold(joint, heat) - COOLER_BY_C) heat--;
    }
    this.#enter(joint, heat, celsius);
  }

  #enter(joint: number, heat: number, celsius: number): void {
    const before = this.#heat[joint]!;
    this.#rising[joint] = 0;
    if (heat === before) return;
    this.#heat[joint] = heat;
    this.heat = 0;
    for (let each = 0; each < JOINT_COUNT; each++) {
      if (this.#heat[each]! < this.heat) continue;
      this.heat = this.#heat[each]!;
      this.hottest = each;
    }
    this.#alarm(joint, before, heat, celsius);
  }

  /** Of a leader, which has no torque, only the first limit is worth a word. */
  #alarm(joint: number, before: number, heat: number, celsius: number): void {
    const { role } = this.#arm;
    const about = { arm: this.#arm, joint: JOINTS[joint]!, celsius };
    const name = (of: number) => `${role}.heat.${joint}.${of}`;
    for (let each = before; each > heat; each--) {
      if (each === heat + 1) this.#alarms.clear(name(each), { code: "servo.hot", ...about });
      else this.#alarms.clearQuietly(name(each));
    }
    if (heat <= before) return;
    if (heat === Heat.warm || role === "leader") {
      this.#alarms.raise(name(Heat.warm), "warning", { code: "servo.hot", ...about });
    }
    if (heat >= Heat.slow && role === "follower") {
      const releaseFromC = this.#threshold(joint, Heat.release);
      const problem: Problem = { code: "servo.too-hot", ...about, releaseFromC };
      this.#alarms.raise(name(Heat.slow), "warning", problem);
    }
  }

  #judgeVoltage(joint: number, decivolts: number): void {
    if (Number.isNaN(this.#usual)) this.#usual = decivolts;
    this.#usual += (decivolts - this.#usual) * (this.#sags ? USUAL_FOLLOWS_SAG : USUAL_FOLLOWS);
    const sag = (this.#usual * this.#limits.voltageSagPercent) / 100;
    const low = this.#usual - decivolts > (this.#sags ? sag * RECOVERED_SHARE : sag);
    if (low === this.#sags) {
      this.#sagging = 0;
      return;
    }
    // To recover, every servo must have.
    if (++this.#sagging < (low ? BELIEVED_AFTER : JOINT_COUNT)) return;
    this.#sagging = 0;
    this.#sags = low;
    const problem: Problem = {
      code: "supply.sags",
      arm: this.#arm,
      joint: JOINTS[joint]!,
      volts: physicalValue("present_voltage", decivolts),
      usualVolts: physicalValue("present_voltage", this.#usual),
    };
    const name = `${this.#arm.role}.sag`;
    if (low) this.#alarms.raise(name, "warning", problem);
    else this.#alarms.clear(name, problem);
  }
}

/** The temperatures at which an arm's servos switch themselves off, °C. Throws {@link BusError}, {@link PortError}. */
export function ownTemperatureLimits(bus: Bus): number[] {
  const limits = new ReadRequest(SERVO_IDS, spanOf("max_temperature_limit"));
  bus.readAll(limits);
  return SERVO_IDS.map((_, joint) => limits.value(joint, "max_temperature_limit"));
}
