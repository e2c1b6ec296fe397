/** One simulated STS3215: what it obeys and answers, with every hazard of the real one. No clock, no I/O. */
import { BROADCAST_ID, encodePacket, Instruction } from "../../feetech/packet.ts";
import { BAUD_RATES, physicalValue, type RegisterName, registers } from "../../feetech/registers.ts";
import { STEPS_PER_TURN } from "../../feetech/units.ts";
import { Actuator, type OverloadEvent } from "./actuator.ts";
import type { Firmware } from "./firmware.ts";
import { ControlTable, EEPROM_SIZE, type EepromEvent, factoryEeprom, type RegisterValues } from "./table.ts";

/** Instructions that a servo obeys and the product never sends. The last two may wipe it. */
export const RareInstruction = {
  regWrite: 0x04,
  action: 0x05,
  recovery: 0x06,
  reboot: 0x08,
  reset: 0x0a,
} as const;

const REBOOT_US = 800_000;
/** A value of `torque_enable`. */
const MAKE_MIDDLE = 128;
const GOAL_END = registers.goal_position.address + registers.goal_position.size;
const HOMING_SIGN = 1 << registers.homing_offset.signBit;

/** What happened to a servo that its replies do not tell. */
export type ServoEvent =
  /** `cause` is a request, or the firmware's own doing at power-up. */
  | {
      event: "energised";
      cause: "request" | "power";
      goal: number;
      /** The joint is outside of its limits, and its firmware takes no goal that is nearer. */
      nearest?: true;
      position: number;
      goalVelocity: number;
      /** Its torque limit is 0: it has no force until that is raised. */
      powerless?: true;
      /** For so long it hears nothing yet, ms: after a loss of power. */
      deafMs?: number;
    }
  | { event: "limp"; position: number }
  | { event: "powered"; on: boolean }
  | EepromEvent
  | { event: "wiped"; instruction: number }
  | { event: "middle set" }
  | OverloadEvent;

/** What of a servo survives the end of the simulation. */
export interface ServoState {
  eeprom: number[];
  /** Encoder steps, unbounded. */
  position: number;
  /** Writes of each EEPROM cell. */
  wear: number[];
}

/** How a servo gets its power back. */
export interface PowerUp {
  /** Some firmware is said to come up with its torque on. */
  torqueOn?: boolean;
  /** How long it does not answer yet. */
  silentMs?: number;
}

/** A servo as it leaves the factory, but for its id and what `eeprom` says. */
export function factoryState(id: number, position = 2048, eeprom: RegisterValues = {}): ServoState {
  return { eeprom: factoryEeprom({ ...eeprom, id }), position, wear: new Array(EEPROM_SIZE).fill(0) };
}

/**
 * A servo on the bus. Time is what the caller says it is: µs, never going back by more than a request takes.
 * {@link answer} allocates nothing.
 */
export class SimulatedServo {
  readonly actuator: Actuator;
  /** How often an instruction came that may wipe a servo. */
  wipes = 0;

  readonly #table: ControlTable;
  readonly #tell: (event: ServoEvent) => void;
  readonly #held = new Uint8Array(256);
  readonly #reply = new Uint8Array(256);
  #heldAt = 0;
  #heldCount = 0;
  #answersFromUs = 0;

  /** A servo without power yet; see {@link powerUp}. */
  constructor(state: ServoState, tell: (event: ServoEvent) => void = () => {}) {
    this.#table = new ControlTable(state.eeprom, state.wear, tell);
    this.actuator = new Actuator(this.#table, state.position, tell);
    this.#tell = tell;
  }

  get id(): number {
    return this.#get("id");
  }

  /** What its firmware does otherwise than others'; may be changed at any time. */
  get firmware(): Firmware {
    return this.#table.firmware;
  }

  /** The baud rate at which it understands its bus. */
  get baud(): number {
    return BAUD_RATES[this.#get("baud_rate")] ?? 0;
  }

  /** How long it waits before it replies, µs. */
  get returnDelayUs(): number {
    return physicalValue("return_delay_time", this.#get("return_delay_time"));
  }

  /** Writes of each EEPROM cell so far. */
  get wear(): readonly number[] {
    return this.#table.wear;
  }

  /** Every register as it would be read now, EEPROM that is being written included. */
  values(nowUs: number): Record<RegisterName, number> {
    this.actuator.advance(nowUs);
    this.actuator.measure();
    return this.#table.values();
  }

  /** Puts values into the table, and EEPROM ones where they persist, as no request could: for setting a scene. */
  setValues(values: RegisterValues): void {
    this.#table.setValues(values);
  }

  /** What survives the end of the simulation. */
  save(): ServoState {
    return { eeprom: this.#table.eeprom, position: this.actuator.motor.position, wear: this.#table.wear };
  }

  /** Power comes: RAM at its defaults, torque limit from EEPROM, and a goal that nobody asked for. */
  powerUp(nowUs: number, { torqueOn = false, silentMs = 0 }: PowerUp = {}): void {
    const was = this.actuator.powered;
    this.#table.powerUp();
    this.actuator.powerUp(nowUs);
    this.#table.set("goal_position", this.#staleGoal());
    this.#heldCount = 0;
    this.#answersFromUs = nowUs + silentMs * 1000;
    if (!was) this.#tell({ event: "powered", on: true });
    if (torqueOn) this.#switchTorqueOn("power", silentMs);
  }

  /** Power goes: the joint has no torque and is silent. */
  powerDown(nowUs: number): void {
    if (!this.actuator.powered) return;
    this.actuator.advance(nowUs);
    this.actuator.powerDown();
    this.#tell({ event: "powered", on: false });
  }

  /**
   * Obeys a request whose parameters are `params[at … at + count)`, and writes what it replies to `out`.
   * Returns the size of the reply, 0 for none. The caller has checked that it is meant; a broadcast is obeyed
   * and not answered, except a ping.
   */
  answer(
    id: number,
    instruction: number,
    params: Uint8Array,
    at: number,
    count: number,
    nowUs: number,
    out: Uint8Array,
  ): number {
    if (!this.hears(nowUs)) return 0;
    this.actuator.advance(nowUs);
    const own = this.id;
    const toAll = id === BROADCAST_ID;
    switch (instruction) {
      case Instruction.ping:
        return this.#status(own, 0, out);
      case Instruction.read:
        return toAll || count !== 2 ? 0 : this.read(params[at]!, params[at + 1]!, nowUs, out);
      case Instruction.write:
        if (count >= 1) this.write(params, at + 1, params[at]!, count - 1, nowUs);
        break;
      case RareInstruction.regWrite:
        if (count >= 1) this.#hold(params, at + 1, params[at]!, count - 1);
        break;
      case RareInstruction.action:
        if (this.#heldCount > 0) this.write(this.#held, 0, this.#heldAt, this.#heldCount, nowUs);
        this.#heldCount = 0;
        break;
      case RareInstruction.reboot:
        this.powerDown(nowUs);
        this.powerUp(nowUs, { silentMs: REBOOT_US / 1000 });
        return 0;
      case RareInstruction.recovery:
      case RareInstruction.reset:
        this.#wipe(instruction);
        break;
      default:
        return 0;
    }
    return toAll || this.#get("response_status_level") === 0 ? 0 : this.#status(own, 0, out);
  }

  /** Whether it listens at all: it has power, and is done starting. */
  hears(nowUs: number): boolean {
    return this.actuator.powered && nowUs >= this.#answersFromUs;
  }

  /** Writes the status packet that answers a read, or this servo's part of a sync read, to `out`. */
  read(address: number, count: number, nowUs: number, out: Uint8Array): number {
    this.actuator.advance(nowUs);
    this.actuator.measure();
    const size = Math.min(count, this.#reply.length - 6);
    this.#table.copy(address, size, nowUs, this.#reply);
    return this.#status(this.id, size, out);
  }

  /** Obeys a write of `count` bytes from `data[at…]`, or this servo's part of a sync write. */
  write(data: Uint8Array, at: number, address: number, count: number, nowUs: number): void {
    this.actuator.advance(nowUs);
    const torqueBefore = this.#get("torque_enable");
    this.#table.write(data, at, address, count, nowUs);
    if (this.#get("torque_enable") === MAKE_MIDDLE) {
      this.#table.set("torque_enable", torqueBefore);
      this.#makeThisTheMiddle(nowUs);
    }
    if (address < GOAL_END && address + count > registers.goal_position.address) {
      if (!this.firmware.goalsLeaveTorque) this.#table.set("torque_enable", 1);
      this.actuator.relieve("goal");
    }
    const torqueAfter = this.#get("torque_enable");
    if (torqueBefore === 0 && torqueAfter !== 0) this.#switchTorqueOn("request");
    else if (torqueBefore !== 0 && torqueAfter === 0)
      this.#tell({ event: "limp", position: this.actuator.position });
  }

  #get(name: RegisterName): number {
    return this.#table.get(name);
  }

  #status(id: number, size: number, out: Uint8Array): number {
    return encodePacket(out, id, this.actuator.errorByte, this.#reply, size);
  }

  #hold(params: Uint8Array, at: number, address: number, count: number): void {
    this.#heldAt = address;
    this.#heldCount = Math.min(count, this.#held.length);
    for (let i = 0; i < this.#heldCount; i++) this.#held[i] = params[at + i]!;
  }

  /** Torque enable 128: the present position becomes 2048. */
  #makeThisTheMiddle(nowUs: number): void {
    // Position 2048 takes the offset encoder − 2048, of which −2048 does not fit.
    const offset = Math.max(this.actuator.encoder - STEPS_PER_TURN / 2, -2047);
    const raw = offset < 0 ? -offset | HOMING_SIGN : offset;
    this.#tell({ event: "middle set" });
    this.#table.write(
      Uint8Array.of(raw & 0xff, raw >> 8),
      0,
      registers.homing_offset.address,
      registers.homing_offset.size,
      nowUs,
    );
  }

  #wipe(instruction: number): void {
    this.wipes++;
    this.#table.wipe();
    this.#tell({ event: "wiped", instruction });
  }

  #switchTorqueOn(cause: "request" | "power", deafMs = 0): void {
    this.#table.set("torque_enable", 1);
    this.actuator.relieve("torque");
    const goal = this.#get("goal_position");
    const { position } = this.actuator;
    const isNearest = goal !== position && goal === this.#table.nearestGoal(position);
    this.#tell({
      event: "energised",
      cause,
      goal,
      ...(isNearest && { nearest: true }),
      position,
      goalVelocity: this.#get("goal_velocity"),
      ...(this.#get("torque_limit") === 0 && { powerless: true }),
      ...(deafMs > 0 && { deafMs }),
    });
  }

  /** A goal left over from before; on purpose never near where the joint happens to be. */
  #staleGoal(): number {
    const middle = STEPS_PER_TURN / 2;
    const { position } = this.actuator;
    if (Math.abs(position - middle) >= 300) return middle;
    return position >= middle ? middle - 700 : middle + 700;
  }
}
