/** A bus of Feetech servos: requests out, the replies that belong to them back, nothing else believed. */
import { type Clock, systemClock } from "../linux/clock.ts";
import type { Transport } from "../serial/transport.ts";
import { type BusAccess, refuseToChange } from "./access.ts";
import { BusError } from "./bus-error.ts";
import { BusCounters } from "./counters.ts";
import { BROADCAST_ID, encodePacket, Instruction, MAX_PACKET_SIZE, PacketDecoder } from "./packet.ts";
import { type Register, type RegisterName, registers, setRegisterValue } from "./registers.ts";
import { ReadRequest, spanOf, type WriteRequest } from "./requests.ts";

/**
 * How long a servo may take to answer. Real arms need at most 2 ms for a sync read of six servos at the factory's
 * return delay; a USB stack under load has been seen to take tens of ms now and then.
 */
export const REPLY_TIMEOUT_US = 30_000;

/**
 * This long after a request its reply is no longer on its way between servo and board, though it may be between board
 * and us: a packet sent earlier may be lost with it.
 */
export const ON_THE_LINE_US = 1_500;

/** After a timeout the line counts as silent when nothing has come for this long. */
const SILENCE_US = 3_000;

/** A line that never falls silent is given up after this long, and the next request takes its chance. */
const DRAIN_AT_MOST_US = 20_000;

/** Servos answer a broadcast ping one after the other; after this long without an answer nobody else will. */
const PING_ALL_SILENCE_US = 100_000;
const PING_ALL_AT_MOST_US = 2_000_000;
/** A reply has 6 bytes; a byte or two may come of switching the line's speed. */
const GARBLED_BYTES = 4;

const READ_TRIES = 3;
const WRITE_TRIES = 3;

/** The span of a reply that carries no data. */
const NOTHING = { address: 0, length: 0 };

/** What a bus may be used for. */
export interface BusOptions {
  readonly access: BusAccess;
  /** How messages name a servo; "servo 4" if left out. */
  readonly nameOf?: (id: number) => string;
  /** Where to go on counting, when a bus is opened again. */
  readonly counters?: BusCounters;
  /** The clock of the transport's deadlines; the machine's if left out. */
  readonly clock?: Clock;
}

/**
 * One bus. Every call blocks for a bounded time; only those that say that they allocate nothing are
 * meant for a control loop. Every call throws {@link PortError} when the port is lost.
 */
export class Bus {
  /** What may be done to the servos. */
  readonly access: BusAccess;
  readonly counters: BusCounters;
  /** How messages name a servo of this bus. */
  readonly nameOf: (id: number) => string;
  /** The clock of this bus: whoever waits for its servos waits on it. */
  readonly clock: Clock;
  /** The error byte of each servo's last reply, by id. */
  readonly errorBytes = new Uint8Array(BROADCAST_ID);

  readonly #transport: Transport;
  readonly #decoder: PacketDecoder;
  readonly #scratch = new Uint8Array(MAX_PACKET_SIZE);
  /** The decoder's count when the exchange began. */
  #checksumErrors = 0;

  constructor(transport: Transport, options: BusOptions) {
    this.#transport = transport;
    this.access = options.access;
    this.counters = options.counters ?? new BusCounters();
    this.nameOf = options.nameOf ?? ((id) => `servo ${id}`);
    this.clock = options.clock ?? systemClock;
    this.#decoder = new PacketDecoder(transport.in);
  }

  /**
   * Sends a prepared read once and collects the answers; `read.answered` says who answered.
   * Returns true when all did. Allocates nothing.
   */
  exchange(read: ReadRequest, timeoutUs: number = REPLY_TIMEOUT_US): boolean {
    this.request(read);
    return this.collect(read, this.clock.nowUs() + timeoutUs);
  }

  /**
   * Sends a prepared read and does not wait: {@link poll} or {@link collect} take the answers in.
   * Allocates nothing.
   */
  request(read: ReadRequest): void {
    read.begin();
    this.#begin();
    this.#transmit(read.request, read.request.length);
  }

  /**
   * Takes in what has come in answer to {@link request}, and waits for the rest until `untilUs` (of {@link clock}) at most;
   * by default not at all. Returns true when the last servo asked has answered, after which nothing more will come.
   * Allocates nothing.
   */
  poll(read: ReadRequest, untilUs = 0): boolean {
    for (;;) {
      const count = this.#transport.receive(this.#decoder.end, untilUs);
      this.#decoder.received(count);
      if (this.#takeAnswers(read)) break;
      if (count === 0 || this.clock.nowUs() > untilUs) return false;
    }
    this.#account(read);
    return true;
  }

  /**
   * Waits for the answers to {@link request} until the deadline (of {@link clock}); past it, gives up.
   * Returns true when all have answered. Allocates nothing.
   */
  collect(read: ReadRequest, deadlineUs: number): boolean {
    if (!this.poll(read, deadlineUs)) this.giveUp(read);
    return read.complete;
  }

  /** Gives up waiting for the answers to {@link request}: counts who is missing and drains the line. */
  giveUp(read: ReadRequest): void {
    while (this.#decoder.nextAfterSilence(read.span.length)) this.#accept(read);
    this.#account(read);
    this.#drain();
  }

  /** Sends a prepared sync write, which nobody answers. Allocates nothing. */
  send(write: WriteRequest): void {
    write.seal();
    this.#transmit(write.request, write.request.length);
  }

  /** True when the servo answers a ping. */
  ping(id: number): boolean {
    for (let attempt = 0; attempt < READ_TRIES; attempt++) {
      if (attempt > 0) this.counters.add(id, "retry");
      if (this.#acknowledged(id, Instruction.ping, [])) return true;
    }
    return false;
  }

  /**
   * The ids of all servos that answer a broadcast ping, in the order in which they answered, one that came twice twice.
   * `garbled` when something came that was no answer, as when two servos with one id talk at once.
   */
  pingAll(): { ids: number[]; garbled: boolean } {
    const ids: number[] = [];
    this.#begin();
    const noiseBefore = this.counters.noiseBytes;
    this.#transmit(this.#scratch, encodePacket(this.#scratch, BROADCAST_ID, Instruction.ping, []));
    const decoder = this.#decoder;
    const giveUpUs = this.clock.nowUs() + PING_ALL_AT_MOST_US;
    for (;;) {
      while (decoder.next(0)) ids.push(decoder.id);
      const count = this.#transport.receive(decoder.end, this.clock.nowUs() + PING_ALL_SILENCE_US);
      if (count === 0 || this.clock.nowUs() > giveUpUs) break;
      decoder.received(count);
    }
    decoder.clear();
    this.counters.noiseBytes += decoder.noiseBytes;
    decoder.noiseBytes = 0;
    return { ids, garbled: this.counters.noiseBytes - noiseBefore >= GARBLED_BYTES };
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
  readAll(read: ReadRequest, timeoutUs: number = REPLY_TIMEOUT_US): void {
    for (let attempt = 0; attempt < READ_TRIES; attempt++) {
      if (this.exchange(read, timeoutUs)) return;
      if (attempt < READ_TRIES - 1) {
        for (let i = 0; i < read.ids.length; i++) {
          if (!read.hasAnswerFrom(i)) this.counters.add(read.ids[i]!, "retry");
        }
      }
    }
    const silent = read.ids.find((_, index) => !read.hasAnswerFrom(index))!;
    if (this.#decoder.checksumErrors > this.#checksumErrors) {
      throw new BusError(this, silent, "corrupted");
    }
    throw new BusError(this, silent, "timeout");
  }

  /**
   * Writes one register once. Returns whether the servo acknowledged it; an unacknowledged write may have arrived.
   */
  write(id: number, name: RegisterName, value: number): boolean {
    const { address, size }: Register = registers[name];
    const params = new Uint8Array(1 + size);
    params[0] = address;
    setRegisterValue(name, value, params, 1, address);
    return this.#acknowledged(id, Instruction.write, params);
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

  /** Sends one request to one servo; true when its reply, which carries no data, comes. */
  #acknowledged(id: number, instruction: number, params: ArrayLike<number>): boolean {
    const reply = new ReadRequest([id], NOTHING);
    this.#begin();
    this.#transmit(this.#scratch, encodePacket(this.#scratch, id, instruction, params));
    return this.collect(reply, this.clock.nowUs() + REPLY_TIMEOUT_US);
  }

  /** What came unasked since the last exchange is noise: believing it would believe a late reply. */
  #begin(): void {
    this.#decoder.clear();
    this.#checksumErrors = this.#decoder.checksumErrors;
    this.counters.noiseBytes += this.#transport.discard();
  }

  /** The only way out of the bus. */
  #transmit(packet: Uint8Array, size: number): void {
    if (this.access !== "drive") refuseToChange(packet, size, this.access);
    const { out } = this.#transport;
    for (let i = 0; i < size; i++) out[i] = packet[i]!;
    this.#transport.send(size, this.clock.nowUs() + REPLY_TIMEOUT_US);
  }

  /** Takes whole packets out of what was received; true when the last servo asked has answered. */
  #takeAnswers(read: ReadRequest): boolean {
    while (!read.isOver && this.#decoder.next(read.span.length)) this.#accept(read);
    return read.isOver;
  }

  #accept(read: ReadRequest): void {
    const { id, code, bytes, params } = this.#decoder;
    if (read.accept(id, code, bytes, params)) {
      this.errorBytes[id] = code;
      if (code !== 0) this.counters.add(id, "error bit");
    } else {
      this.counters.strays++;
    }
  }

  #account(read: ReadRequest): void {
    const decoder = this.#decoder;
    if (!read.complete) {
      const trouble = decoder.checksumErrors > this.#checksumErrors ? "corrupted" : "timeout";
      for (let i = 0; i < read.ids.length; i++) {
        if (!read.hasAnswerFrom(i)) this.counters.add(read.ids[i]!, trouble);
      }
    }
    this.counters.noiseBytes += decoder.noiseBytes;
    decoder.noiseBytes = 0;
  }

  /** Waits until the line is silent: a reply that comes late looks exactly like one to the next request. */
  #drain(): void {
    const giveUpUs = this.clock.nowUs() + DRAIN_AT_MOST_US;
    this.#decoder.clear();
    for (;;) {
      const silentAtUs = this.clock.nowUs() + SILENCE_US;
      const count = this.#transport.receive(0, Math.min(silentAtUs, giveUpUs));
      this.counters.noiseBytes += count;
      if (count === 0 || this.clock.nowUs() >= giveUpUs) return;
    }
  }
}
