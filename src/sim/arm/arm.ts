/** A simulated arm: six servos on one bus, what they answer to a request, and the faults of their leads. */
import { BROADCAST_ID, Instruction } from "../../feetech/packet.ts";
import { factoryState, type ServoEvent, type ServoState, SimulatedServo } from "../servo/servo.ts";
import { type ArmName, JOINTS, type JointName } from "./joints.ts";

/** A request as it stands in a buffer; a `PacketDecoder` that has found one is one. */
export interface Request {
  readonly bytes: Uint8Array;
  readonly id: number;
  readonly code: number;
  readonly params: number;
  readonly paramCount: number;
}

/** Where an arm puts its replies. */
export interface Line {
  /** The speed at which the host's port runs: a servo set to another one understands nothing. */
  readonly baud: number;
  /** What a byte takes, µs; 0 when replies take no time, return delays included. */
  readonly byteUs: number;
  /** A reply whose first byte starts at `startUs`, but which the host sees `heldUs` later than it could. */
  put(bytes: Uint8Array, size: number, startUs: number, heldUs: number): void;
}

/** What is wrong with one servo's replies. */
export interface ReplyFaults {
  /** So many replies do not come. */
  drop: number;
  /** So many replies come with a flipped bit. */
  corrupt: number;
  /** So many replies reach the host late, … */
  delay: number;
  /** … by this much. */
  delayUs: number;
  /** It neither hears nor answers. */
  silent: boolean;
}

/** Tells what happened to a servo. */
export type TellArm = (joint: JointName, event: ServoEvent) => void;

/** Six servos, powered up at construction. */
export class SimulatedArm {
  readonly name: ArmName;
  /** In the order of {@link JOINTS}. */
  readonly servos: readonly SimulatedServo[];
  /** In the order of {@link JOINTS}. */
  readonly faults: readonly ReplyFaults[];

  readonly #out = new Uint8Array(256);
  readonly #twin = new Uint8Array(256);

  /** Without states the servos are new ones with the ids 1 to 6. */
  constructor(
    name: ArmName,
    nowUs: number,
    states: readonly ServoState[] = JOINTS.map((_, i) => factoryState(i + 1)),
    tell: TellArm = () => {},
  ) {
    this.name = name;
    this.servos = states.map((state, i) => new SimulatedServo(state, (event) => tell(JOINTS[i]!, event)));
    this.faults = JOINTS.map(() => ({ drop: 0, corrupt: 0, delay: 0, delayUs: 0, silent: false }));
    for (const servo of this.servos) servo.powerUp(nowUs);
  }

  /** The servo in a joint. */
  servo(joint: JointName): SimulatedServo {
    return this.servos[JOINTS.indexOf(joint)]!;
  }

  /** The faults of a joint's replies. */
  faultsOf(joint: JointName): ReplyFaults {
    return this.faults[JOINTS.indexOf(joint)]!;
  }

  /** Lets time pass for every servo. */
  advance(nowUs: number): void {
    for (const servo of this.servos) servo.actuator.advance(nowUs);
  }

  /** Obeys a request whose last byte arrived at `atUs`, and puts the replies on the line. Allocates nothing. */
  handle(request: Request, atUs: number, line: Line): void {
    switch (request.code) {
      case Instruction.syncRead:
        this.#syncRead(request, atUs, line);
        break;
      case Instruction.syncWrite:
        this.#syncWrite(request, atUs, line);
        break;
      default:
        this.#single(request, atUs, line);
    }
  }

  #single({ bytes, id, code, params, paramCount }: Request, atUs: number, line: Line): void {
    let at = atUs;
    for (let i = 0; i < this.servos.length; i++) {
      const servo = this.servos[i]!;
      if (!this.#reaches(i, line) || (id !== BROADCAST_ID && servo.id !== id)) continue;
      if (this.#hasTwinBefore(i, line)) continue;
      // A write may change the id by which twins are known.
      const own = servo.id;
      let size = 0;
      for (let k = i; k < this.servos.length; k++) {
        const twin = this.servos[k]!;
        if (k > i && (!this.#reaches(k, line) || twin.id !== own)) continue;
        const out = k === i ? this.#out : this.#twin;
        const twinSize = twin.answer(id, code, bytes, params, paramCount, at, out);
        if (k > i && this.#answersApart(i, k, twinSize, at, line)) continue;
        if (k > i) this.#garble(twinSize);
        size = Math.max(size, twinSize);
      }
      // The answers to a broadcast ping take turns, by id.
      at = this.#reply(i, size, at, line);
    }
  }

  #syncRead({ bytes, params, paramCount }: Request, atUs: number, line: Line): void {
    const address = bytes[params]!;
    const count = bytes[params + 1]!;
    let at = atUs;
    for (let k = 2; k < paramCount; k++) {
      let first = -1;
      let size = 0;
      for (let i = 0; i < this.servos.length; i++) {
        const servo = this.servos[i]!;
        if (!this.#reaches(i, line) || servo.id !== bytes[params + k] || !servo.hears(at)) continue;
        size = servo.read(address, count, at, first === -1 ? this.#out : this.#twin);
        if (first === -1) first = i;
        else if (!this.#answersApart(first, i, size, at, line)) this.#garble(size);
      }
      if (first !== -1) at = this.#reply(first, size, at, line);
    }
  }

  #syncWrite({ bytes, params, paramCount }: Request, atUs: number, line: Line): void {
    const address = bytes[params]!;
    const count = bytes[params + 1]!;
    for (let k = 2; k + count < paramCount; k += count + 1) {
      for (let i = 0; i < this.servos.length; i++) {
        const servo = this.servos[i]!;
        if (!this.#reaches(i, line) || servo.id !== bytes[params + k] || !servo.hears(atUs)) continue;
        servo.write(bytes, params + k + 1, address, count, atUs);
      }
    }
  }

  /** Whether a servo earlier in the chain has the same id: it answers for both. */
  #hasTwinBefore(index: number, line: Line): boolean {
    for (let i = 0; i < index; i++) {
      if (this.#reaches(i, line) && this.servos[i]!.id === this.servos[index]!.id) return true;
    }
    return false;
  }

  /**
   * Two servos with one id answer at once, but not to the bit: what arrives of both, each of which can only pull a bit
   * low, is neither, even where both say the same.
   */
  #garble(size: number): void {
    for (let i = 0; i < size; i++) {
      const byte = this.#twin[i]!;
      this.#out[i]! &= (byte << 1) | (byte >> 7);
    }
  }

  /** Puts a twin's answer on the line by itself where it comes before or after the first one's, not on top of it. */
  #answersApart(first: number, twin: number, size: number, atUs: number, line: Line): boolean {
    const { returnDelayUs } = this.servos[twin]!;
    const apartUs = Math.abs(returnDelayUs - this.servos[first]!.returnDelayUs);
    if (line.byteUs === 0 || apartUs < size * line.byteUs) return false;
    line.put(this.#twin, size, atUs + returnDelayUs, 0);
    return true;
  }

  #reaches(index: number, line: Line): boolean {
    return !this.faults[index]!.silent && this.servos[index]!.baud === line.baud;
  }

  /** Puts the reply in #out on the line, unless a fault takes it; returns when its last byte is through. */
  #reply(index: number, size: number, atUs: number, line: Line): number {
    if (size === 0) return atUs;
    const faults = this.faults[index]!;
    if (faults.drop > 0) {
      faults.drop--;
      return atUs;
    }
    if (faults.corrupt > 0) {
      faults.corrupt--;
      // A bit behind the id and the length, so that the packet keeps its place and only its content lies.
      this.#out[4 + Math.floor(Math.random() * (size - 4))]! ^= 1 << Math.floor(Math.random() * 8);
    }
    let heldUs = 0;
    if (faults.delay > 0) {
      faults.delay--;
      heldUs = faults.delayUs;
    }
    const startUs = line.byteUs === 0 ? atUs : atUs + this.servos[index]!.returnDelayUs;
    line.put(this.#out, size, startUs, heldUs);
    return startUs + size * line.byteUs;
  }
}
