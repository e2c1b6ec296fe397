/** A host as simple as can be, to talk to simulated arms with: no retries, no errors, only what came back. */
import { BROADCAST_ID, encodePacket, Instruction, PacketDecoder } from "../../src/feetech/packet.ts";
import { type Register, type RegisterName, registers, registerValue } from "../../src/feetech/registers.ts";
import { nowUs } from "../../src/linux/clock.ts";
import type { Transport } from "../../src/serial/transport.ts";

export interface Reply {
  id: number;
  error: number;
  params: Uint8Array;
}

/** Longer than any reply takes on a busy machine. */
const PATIENCE_US = 2e6;

export class Host {
  readonly #transport: Transport;

  constructor(wire: Transport) {
    this.#transport = wire;
  }

  /** Sends bytes as they are. */
  sendRaw(bytes: ArrayLike<number>): void {
    this.#transport.out.set(bytes);
    this.#transport.send(bytes.length, nowUs() + PATIENCE_US);
  }

  send(id: number, instruction: number, params: ArrayLike<number> = []): void {
    this.#transport.send(encodePacket(this.#transport.out, id, instruction, params), nowUs() + PATIENCE_US);
  }

  /** The next `count` replies; fewer when no more have come within `patienceUs`. */
  replies(count: number, patienceUs = PATIENCE_US): Reply[] {
    const decoder = new PacketDecoder();
    const found: Reply[] = [];
    const deadline = nowUs() + patienceUs;
    while (found.length < count) {
      const size = this.#transport.receive(0, deadline);
      if (size === 0) break;
      decoder.bytes.set(this.#transport.in.subarray(0, size), decoder.end);
      decoder.received(size);
      while (decoder.next()) {
        const params = decoder.bytes.slice(decoder.params, decoder.params + decoder.paramCount);
        found.push({ id: decoder.id, error: decoder.code, params });
      }
    }
    return found;
  }

  /** Every byte that comes until `count` have, or none have for `patienceUs`. */
  bytes(count: number, patienceUs = PATIENCE_US): number[] {
    const found: number[] = [];
    while (found.length < count) {
      const size = this.#transport.receive(0, nowUs() + patienceUs);
      if (size === 0) break;
      found.push(...this.#transport.in.subarray(0, size));
    }
    return found;
  }

  ping(id: number): Reply | undefined {
    this.send(id, Instruction.ping);
    return this.replies(1)[0];
  }

  read(id: number, name: RegisterName): number | undefined {
    const { address, size } = registers[name];
    this.send(id, Instruction.read, [address, size]);
    const reply = this.replies(1)[0];
    return reply && registerValue(name, reply.params, 0, address);
  }

  write(id: number, name: RegisterName, value: number): Reply | undefined {
    this.send(id, Instruction.write, writeOf(name, value));
    return id === BROADCAST_ID ? undefined : this.replies(1)[0];
  }

  syncRead(name: RegisterName, ids: number[], patienceUs = PATIENCE_US): Reply[] {
    const { address, size } = registers[name];
    this.send(BROADCAST_ID, Instruction.syncRead, [address, size, ...ids]);
    return this.replies(ids.length, patienceUs);
  }

  /** Writes `values` to the ids 1, 2, … */
  syncWrite(name: RegisterName, values: number[]): void {
    const { address, size } = registers[name];
    const params = values.flatMap((value, i) => [i + 1, ...writeOf(name, value).slice(1)]);
    this.send(BROADCAST_ID, Instruction.syncWrite, [address, size, ...params]);
  }
}

/** The parameters of a write. */
export function writeOf(name: RegisterName, value: number): number[] {
  const { address, size, signBit }: Register = registers[name];
  const raw = value < 0 ? -value | (1 << signBit!) : value;
  return size === 1 ? [address, raw] : [address, raw & 0xff, raw >> 8];
}
