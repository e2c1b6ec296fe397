/** Requests that speak to several servos in one packet, prepared once so that sending them allocates nothing. */
import { BROADCAST_ID, encodePacket, Instruction, PACKET_OVERHEAD, sealPacket } from "./packet.ts";
import {
  type Register,
  type RegisterName,
  type RegisterValue,
  registers,
  registerValue,
  setRegisterValue,
} from "./registers.ts";

/** 10 bits at 1 Mbps, µs. */
const BYTE_US = 10;

/** A run of addresses in the control table. */
export interface RegisterSpan {
  readonly address: number;
  readonly length: number;
}

/** The span that holds the registers from `first` to `last`, both included. */
export function spanOf(first: RegisterName, last: RegisterName = first): RegisterSpan {
  const { address }: Register = registers[first];
  const end: Register = registers[last];
  return { address, length: end.address + end.size - address };
}

/**
 * A read of one span from one or more servos, and what they answered.
 * One servo is asked with a plain read; several with a sync read, which each answers in the order asked.
 */
export class ReadRequest {
  readonly ids: readonly number[];
  readonly span: RegisterSpan;
  /** The encoded request. */
  readonly request: Uint8Array;
  /** What was read: the span of `ids[0]`, that of `ids[1]`, … Valid where {@link answered} says so. */
  readonly data: Uint8Array;
  /** The error byte of each servo's last reply, in the order of `ids`. */
  readonly errors: Uint8Array;
  /** How long the request and all its replies are on the line, µs. */
  readonly lineUs: number;
  /** Bit i is set when `ids[i]` answered the last request. */
  answered = 0;
  /** When it was sent last, µs of the bus's clock. */
  sentUs = 0;
  /** The index of the servo that answers next: they answer in the order asked, each once. */
  #next = 0;

  constructor(ids: readonly number[], span: RegisterSpan) {
    this.ids = ids;
    this.span = span;
    const packet = new Uint8Array(ids.length + 16);
    const size =
      ids.length === 1
        ? encodePacket(packet, ids[0]!, Instruction.read, [span.address, span.length])
        : encodePacket(packet, BROADCAST_ID, Instruction.syncRead, [span.address, span.length, ...ids]);
    this.request = packet.slice(0, size);
    this.data = new Uint8Array(ids.length * span.length);
    this.errors = new Uint8Array(ids.length);
    this.lineUs = (size + ids.length * (PACKET_OVERHEAD + span.length)) * BYTE_US;
  }

  /** True when every servo answered the last request. */
  get complete(): boolean {
    return this.missing === 0;
  }

  /** Bit i is set when `ids[i]` did not answer the last request. */
  get missing(): number {
    return ~this.answered & ((1 << this.ids.length) - 1);
  }

  /** True when the last servo asked has answered the last request: nothing more will come. */
  get isOver(): boolean {
    return this.#next === this.ids.length;
  }

  /** Forgets the answers to the request before: it is sent again at `nowUs`. */
  begin(nowUs: number): void {
    this.sentUs = nowUs;
    this.answered = 0;
    this.#next = 0;
  }

  /** Takes one reply in. Returns false when it answers nothing that was asked: the data stays as it was. */
  accept(id: number, error: number, bytes: Uint8Array, at: number): boolean {
    let index = this.#next;
    while (index < this.ids.length && this.ids[index] !== id) index++;
    if (index === this.ids.length) return false;
    const { length } = this.span;
    for (let i = 0; i < length; i++) this.data[index * length + i] = bytes[at + i]!;
    this.errors[index] = error;
    this.answered |= 1 << index;
    this.#next = index + 1;
    return true;
  }

  /** True when `ids[index]` answered the last request. */
  hasAnswerFrom(index: number): boolean {
    return (this.answered & (1 << index)) !== 0;
  }

  /** A register of `ids[index]`, as last read. */
  value<Name extends RegisterName>(index: number, name: Name): RegisterValue<Name> {
    return registerValue(name, this.data, index * this.span.length, this.span.address);
  }

  /** The span of `ids[index]`, as last read: a view, overwritten by the next read. */
  image(index: number): Uint8Array {
    return this.data.subarray(index * this.span.length, (index + 1) * this.span.length);
  }
}

/** A write of one span to several servos in one packet, which none of them answers. */
export class WriteRequest {
  readonly span: RegisterSpan;
  /** The encoded request, kept up to date by {@link set}; sealed by the bus when it is sent. */
  readonly request: Uint8Array;
  readonly #stride: number;

  constructor(ids: readonly number[], span: RegisterSpan) {
    this.span = span;
    this.#stride = span.length + 1;
    this.request = new Uint8Array(PACKET_OVERHEAD + 2 + ids.length * this.#stride);
    const params = [span.address, span.length];
    for (const id of ids) params.push(id, ...new Array<number>(span.length).fill(0));
    encodePacket(this.request, BROADCAST_ID, Instruction.syncWrite, params);
  }

  /** Sets what a register of the servo at `index` will be written to. */
  set(index: number, name: RegisterName, value: number): void {
    setRegisterValue(name, value, this.request, 8 + index * this.#stride, this.span.address);
  }

  /** Brings the checksum up to date with what was {@link set}. */
  seal(): void {
    sealPacket(this.request);
  }
}
