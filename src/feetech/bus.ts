/** A bus of Feetech servos: they are found, and their registers read and written. */
import type { Transport } from "../serial/transport.ts";
import { BusError } from "./bus-error.ts";
import { type ExchangeOptions, Exchanges, REPLY_TIMEOUT_US } from "./exchanges.ts";
import { Instruction } from "./packet.ts";
import { type Register, type RegisterName, registers, setRegisterValue } from "./registers.ts";
import { ReadRequest, spanOf } from "./requests.ts";

const READ_TRIES = 3;
const WRITE_TRIES = 3;

/** What a bus may be used for, and what it goes on with. */
export interface BusOptions extends ExchangeOptions {
  /** How messages name a servo; "servo 4" if left out. */
  readonly nameOf?: (id: number) => string;
}

/**
 * One bus. Every call blocks for a bounded time; only those that say that they allocate nothing are
 * meant for a control loop. Every call throws {@link PortError} when the port is lost.
 */
export class Bus extends Exchanges {
  /** How messages name a servo of this bus. */
  readonly nameOf: (id: number) => string;

  constructor(transport: Transport, options: BusOptions) {
    super(transport, options);
    this.nameOf = options.nameOf ?? ((id) => `servo ${id}`);
  }

  /**
   * Sends a prepared read once and collects the answers, for which it waits `atLeastUs`, or as long as they take on this
   * port; `read.answered` says who answered. Returns true when all did. Allocates nothing.
   */
  exchange(read: ReadRequest, atLeastUs: number = REPLY_TIMEOUT_US): boolean {
    this.request(read);
    return this.collect(read, read.sentUs + this.patienceUs(read, atLeastUs));
  }

  /** True when the servo answers a ping. */
  ping(id: number): boolean {
    for (let attempt = 0; attempt < READ_TRIES; attempt++) {
      if (attempt > 0) this.counters.add(id, "retry");
      if (this.acknowledged(id, Instruction.ping, [])) return true;
    }
    return false;
  }

  /** Reads one register, again where a reply is lost. Throws {@link BusError} when every try fails. */
  read(id: number, name: RegisterName): number {
    const read = new ReadRequest([id], spanOf(name));
    this.readAll(read);
    return read.value(0, name);
  }

  /**
   * Sends a prepared read, again where replies are lost, until all have answered.
   * Throws {@link BusError} for the first servo that never did.
   */
  readAll(read: ReadRequest, atLeastUs: number = REPLY_TIMEOUT_US): void {
    for (let attempt = 0; attempt < READ_TRIES; attempt++) {
      if (this.exchange(read, atLeastUs)) return;
      if (attempt < READ_TRIES - 1) {
        for (let i = 0; i < read.ids.length; i++) {
          if (!read.hasAnswerFrom(i)) this.counters.add(read.ids[i]!, "retry");
        }
      }
    }
    const silent = read.ids.find((_, index) => !read.hasAnswerFrom(index))!;
    throw new BusError(this, silent, this.cameDamaged ? "corrupted" : "timeout");
  }

  /**
   * Writes one register once. Returns whether the servo acknowledged it; an unacknowledged write may have arrived.
   */
  write(id: number, name: RegisterName, value: number): boolean {
    const { address, size }: Register = registers[name];
    const params = new Uint8Array(1 + size);
    params[0] = address;
    setRegisterValue(name, value, params, 1, address);
    return this.acknowledged(id, Instruction.write, params);
  }

  /**
   * Writes one register of RAM and makes sure that it arrived: where the acknowledgement is lost the register is
   * read back, and written again only when it differs. Throws {@link BusError} when the servo cannot be brought to
   * hold the value.
   */
  writeRam(id: number, name: RegisterName, value: number): void {
    for (let attempt = 0; attempt < WRITE_TRIES; attempt++) {
      if (this.write(id, name, value) || this.read(id, name) === value) return;
    }
    throw new BusError(this, id, "not written", { register: name, value });
  }
}
