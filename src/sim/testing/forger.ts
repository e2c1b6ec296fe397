/** Servos that lie: replies rewritten on their way to the host, with right checksums, for tests and for the siege. */
import { Instruction, PACKET_OVERHEAD, sealPacket } from "../../feetech/packet.ts";
import {
  type Register,
  type RegisterName,
  registers,
  registerValue,
  setRegisterValue,
} from "../../feetech/registers.ts";

/** What is made of a register's value, in a reply of a servo; undefined leaves it. */
export type Lie = (id: number, value: number) => number | undefined;

/** What is lied about. */
export interface Lies {
  readonly registers?: Readonly<Partial<Record<RegisterName, Lie>>>;
  /** The error byte of each reply. */
  readonly error?: Lie;
}

const NONE: Lies = {};

/** Stands on one line between host and servos: it is shown each request, and rewrites each reply. */
export class Forger {
  /** What is lied about from now on. */
  lies = NONE;
  /** How many replies were made lies of. */
  forged = 0;
  /** From which address the last read asked. */
  #address = 0;

  /** Takes note of what a request asks for. */
  request(packet: Uint8Array): void {
    const code = packet[4];
    if (code === Instruction.read || code === Instruction.syncRead) this.#address = packet[5]!;
  }

  /** Replies to it, whole packets, as the host gets them: rewritten in place. */
  reply(bytes: Uint8Array): void {
    if (this.lies === NONE) return;
    for (let at = 0; at + PACKET_OVERHEAD <= bytes.length; at += bytes[at + 3]! + 4) {
      const packet = bytes.subarray(at, at + bytes[at + 3]! + 4);
      const [id, error] = [packet[2]!, packet[4]!];
      packet[4] = this.lies.error?.(id, error) ?? error;
      this.#forge(id, packet.subarray(5, -1));
      sealPacket(packet);
      this.forged++;
    }
  }

  #forge(id: number, data: Uint8Array): void {
    for (const [name, lie] of Object.entries(this.lies.registers ?? {})) {
      const register: Register = registers[name as RegisterName];
      const at = register.address - this.#address;
      if (at < 0 || at + register.size > data.length) continue;
      const value = lie(id, registerValue(name as RegisterName, data, 0, this.#address));
      if (value !== undefined) setRegisterValue(name as RegisterName, value, data, 0, this.#address);
    }
  }
}
