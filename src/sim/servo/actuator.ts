/** What a simulated servo does and feels: its motor as the control table drives it, its sensors, its protection. */
import {
  errorBits,
  type MeasuringRegister,
  type PhysicalValue,
  physicalValue,
  type RegisterName,
  rawValue,
} from "../../feetech/registers.ts";
import { STEPS_PER_TURN, volts } from "../../feetech/units.ts";
import { type Drive, FULL_SPEED, Motor, withinTurn } from "./motor.ts";
import type { ControlTable } from "./table.ts";

const MULTI_TURN = 0x10; // in `phase`
const VELOCITY_MODE = 1; // of `operating_mode`
/** The largest magnitude in a word of sign-magnitude form. */
const WORD = 32767;

/** The position loop's share of the full torque, ‰, for each step of distance and unit of P (kscalelabs/sysid). */
const TORQUE_PER_STEP_AND_P = (165 * 2 * Math.PI) / STEPS_PER_TURN;

/**
 * What ends a latched overload beside a power cycle: a goal with which the joint presses no more, or torque off and on
 * too; only that; nothing. Sources disagree.
 */
export type OverloadCure = "goal" | "torque" | "power";

/** An overload latched, or ended. */
export interface OverloadEvent {
  event: "overload";
  on: boolean;
}

/** A motor under a control table. {@link advance} allocates nothing. */
export class Actuator {
  readonly motor: Motor;
  powered = false;
  /** °C; what the surroundings make it. */
  temperature = 30;
  /** At its terminals, as `present_voltage` counts it: the 5 V supply of an SO-101. */
  voltage = rawValue("present_voltage", volts(5));
  /** As `present_load` counts it, ‰; overrides the load that the motor feels. */
  load: number | undefined;
  /** As `present_current` counts it; overrides the current that comes of the load. */
  current: number | undefined;
  /** Error bits that it reports whatever its condition. */
  extraErrorBits = 0;
  overloadCure: OverloadCure = "goal";

  readonly #table: ControlTable;
  readonly #tell: (event: OverloadEvent) => void;
  readonly #drive: Drive = {
    torque: 0,
    stiffness: 0,
    target: 0,
    speed: 0,
    acceleration: 0,
    endless: false,
  };
  #atUs = 0;
  #overloadedForUs = 0;
  #overloaded = false;
  /** The direction in which it pressed when its overload latched, −1 or 1; 0 when it did not. */
  #overloadSide = 0;

  /** `position` is the shaft's, encoder steps. */
  constructor(table: ControlTable, position: number, tell: (event: OverloadEvent) => void) {
    this.#table = table;
    this.motor = new Motor(position);
    this.#tell = tell;
  }

  /** Whether it has power and its torque is on: it holds or drives its joint. */
  get torqueOn(): boolean {
    return this.powered && this.#get("torque_enable") !== 0;
  }

  get overloaded(): boolean {
    return this.#overloaded;
  }

  /** What the servo reads of itself, steps. */
  get position(): number {
    const steps = Math.round(this.motor.position) - this.#get("homing_offset");
    return this.#get("phase") & MULTI_TURN ? clamp(steps, WORD) : withinTurn(steps);
  }

  /** Where the motor's shaft is when the servo reads `position`, by the way that passes no seam between. */
  shaftAt(position: number): number {
    return this.motor.position + position - this.position;
  }

  /** Where the encoder's magnet stands, 0…4095. */
  get encoder(): number {
    return withinTurn(Math.round(this.motor.position));
  }

  /** The error byte of a reply made now. */
  get errorByte(): number {
    let bits = this.extraErrorBits;
    const { voltage } = this;
    if (voltage > this.#get("max_voltage_limit") || voltage < this.#get("min_voltage_limit")) {
      bits |= errorBits.voltage;
    }
    if (this.#overheated) bits |= errorBits.overheat;
    if (this.#overloaded) bits |= errorBits.overload;
    return bits;
  }

  /** Power comes: what was latched, and how many turns there were, is forgotten. */
  powerUp(nowUs: number): void {
    this.motor.forgetTurns();
    this.#overloaded = false;
    this.#overloadedForUs = 0;
    this.#atUs = nowUs;
    this.powered = true;
  }

  /** Power goes, and the torque with it. */
  powerDown(): void {
    this.motor.velocity = 0;
    this.powered = false;
  }

  /** Latches an overload, as too much load for too long does. */
  latchOverload(): void {
    if (this.#overloaded) return;
    this.#tell({ event: "overload", on: true });
    this.#overloaded = true;
    this.#overloadSide = Math.sign(this.#presentLoad);
  }

  /**
   * Something happened that may end a latched overload: a new goal, or torque that was off and is on again. A goal with
   * which the joint goes on pressing ends none, and does not make it latch any later.
   */
  relieve(by: "goal" | "torque"): void {
    if (!this.#overloaded || this.overloadCure === "power") return;
    if (by === "goal") {
      if (this.overloadCure === "torque") return;
      this.#aim(this.#drive);
      if ((this.#drive.target - this.motor.position) * this.#overloadSide > 0) return;
    }
    this.#overloadedForUs = 0;
    this.#overloaded = false;
    this.#tell({ event: "overload", on: false });
  }

  /** Lets time pass up to `nowUs`. */
  advance(nowUs: number): void {
    const passedUs = nowUs - this.#atUs;
    if (passedUs <= 0) return;
    this.#atUs = nowUs;
    const drive = this.#drive;
    this.#aim(drive);
    this.motor.advance(passedUs / 1e6, drive);
    this.#watchLoad(passedUs, drive);
  }

  /** Brings the registers of the present up to date. */
  measure(): void {
    const load = clamp(this.#presentLoad, 1000);
    this.#table.set("present_position", this.position);
    this.#table.set("present_velocity", clamp(Math.round(this.motor.velocity), WORD));
    this.#table.set("present_load", load);
    this.#table.set("present_voltage", this.voltage);
    this.#table.set("present_temperature", this.temperature);
    this.#table.set("status", this.errorByte);
    this.#table.set("moving", Math.abs(this.motor.velocity) >= 1 ? 1 : 0);
    this.#table.set("present_current", this.current ?? Math.round(Math.abs(load) * 0.3));
  }

  #get(name: RegisterName): number {
    return this.#table.get(name);
  }

  #physical<Name extends MeasuringRegister>(name: Name): PhysicalValue<Name> {
    return physicalValue(name, this.#get(name));
  }

  /** A torque that the servo holds in %, as `torque_limit` and the motor count it: ‰. */
  #torqueOf(name: "protective_torque" | "overload_torque"): number {
    return rawValue("torque_limit", this.#physical(name));
  }

  get #overheated(): boolean {
    return this.temperature > this.#get("max_temperature_limit");
  }

  get #presentLoad(): number {
    return Math.round(this.load ?? this.motor.load);
  }

  #aim(drive: Drive): void {
    drive.torque = this.torqueOn ? this.#torque() : 0;
    if (drive.torque === 0) return;
    drive.stiffness = this.#get("p_coefficient") * TORQUE_PER_STEP_AND_P;
    const speed = this.#get("goal_velocity");
    drive.acceleration = this.#physical("acceleration");
    drive.endless = this.#get("operating_mode") === VELOCITY_MODE;
    if (drive.endless) {
      drive.speed = clamp(speed, FULL_SPEED);
      return;
    }
    drive.speed = speed === 0 ? FULL_SPEED : Math.min(Math.abs(speed), FULL_SPEED);
    const min = this.#get("min_position_limit");
    const max = this.#get("max_position_limit");
    const limited = min !== max;
    let goal = this.#get("goal_position");
    if (limited) goal = Math.min(Math.max(goal, min), max);
    let reading = this.motor.position - this.#get("homing_offset");
    // Half a step of room, so that the seam lies where the rounded reading has it.
    if (limited && !(this.#get("phase") & MULTI_TURN)) reading = withinTurn(reading + 0.5) - 0.5;
    drive.target = this.motor.position + goal - reading;
  }

  /** Torque that may be used, ‰. */
  #torque(): number {
    if (this.#overheated && this.#get("unloading_condition") & errorBits.overheat) return 0;
    const limit = Math.min(this.#get("torque_limit"), 1000);
    return this.#overloaded ? Math.min(limit, this.#torqueOf("protective_torque")) : limit;
  }

  #watchLoad(passedUs: number, drive: Drive): void {
    const limit = this.#torqueOf("overload_torque");
    if (drive.torque > 0 && limit > 0 && Math.abs(this.#presentLoad) >= limit) {
      this.#overloadedForUs += passedUs;
      if (this.#overloadedForUs >= this.#physical("protection_time") * 1000) this.latchOverload();
    } else {
      this.#overloadedForUs = 0;
    }
  }
}

function clamp(value: number, magnitude: number): number {
  return Math.min(Math.max(value, -magnitude), magnitude);
}
