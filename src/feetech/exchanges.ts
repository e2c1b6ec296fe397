/** One port's requests out, one at a time, and the replies that belong to them back; nothing else is believed. */
import { type Clock, systemClock } from "../linux/clock.ts";
import type { Transport } from "../serial/transport.ts";
import { type BusAccess, refuseToChange } from "./access.ts";
import { BusCounters } from "./counters.ts";
import { OwedReplies } from "./owed-replies.ts";
import { BROADCAST_ID, encodePacket, Instruction, MAX_PACKET_SIZE, PacketDecoder } from "./packet.ts";
import { ReadRequest, type WriteRequest } from "./requests.ts";
import { RoundTrip } from "./round-trip.ts";

/**
 * How long a servo may take to answer at least: longer where the port's {@link RoundTrip} is. Real arms need at most
 * 2 ms for a sync read of six servos at the factory's return delay; a USB stack under load has been seen to take tens of
 * ms now and then.
 */
export const REPLY_TIMEOUT_US = 30_000;

/**
 * This long after a request its reply is no longer on its way between servo and board, though it may be between board
 * and us: a packet sent earlier may be lost with it.
 */
export const ON_THE_LINE_US = 1_500;
/** Of a long reply: this long after all its bytes could be through. */
const ON_THE_LINE_MARGIN_US = 900;

/** When a reply comes is sure when it varies by no more than this, µs: what USB itself makes it vary by. */
const SURE_US = 1_000;

/** Before a request whose reply could be confused with a late one the line must be silent for this long at least. */
const SILENCE_US = 3_000;

/** A line that never falls silent is given up after this long, and the next request takes its chance. */
const DRAIN_AT_MOST_US = 20_000;

/** Bytes that come within this time of being waited for may have been there before. */
const WAITED_US = 50;

/** No packet has so many parameters: only those that are late are looked for. */
const NO_PARAMETERS = 256;

/** Servos answer a broadcast ping one after the other; after this long without an answer nobody else will. */
const PING_ALL_SILENCE_US = 100_000;
const PING_ALL_AT_MOST_US = 2_000_000;
/** A reply has 6 bytes; a byte or two may come of switching the line's speed. */
const GARBLED_BYTES = 4;

/** The span of a reply that carries no data. */
const NOTHING = { address: 0, length: 0 };

/** What requests go out with. */
export interface ExchangeOptions {
  /** What may be done to the servos. */
  readonly access: BusAccess;
  /** Where to go on counting, when a port is opened again; … */
  readonly counters?: BusCounters;
  /** … and what is known of its replies. */
  readonly roundTrip?: RoundTrip;
  /** The clock of the transport's deadlines; the machine's if left out. */
  readonly clock?: Clock;
}

/** The requests of one port. Every call throws {@link PortError} when the port is lost. */
export class Exchanges {
  readonly counters: BusCounters;
  /** How long the replies take. */
  readonly roundTrip: RoundTrip;
  /** The clock of this bus: whoever waits for its servos waits on it. */
  readonly clock: Clock;
  /** The error byte of each servo's last reply, by id. */
  readonly errorBytes = new Uint8Array(BROADCAST_ID);

  readonly #transport: Transport;
  /** What may be done to the servos. */
  readonly access: BusAccess;
  readonly #decoder: PacketDecoder;
  readonly #owed: OwedReplies;
  readonly #scratch = new Uint8Array(MAX_PACKET_SIZE);
  /** The decoder's count when the exchange began. */
  #checksumErrors = 0;
  /** When bytes were looked for last, µs. */
  #lookedUs = 0;
  /** Until then nothing more had come of what is waited for, µs. */
  #absentUntilUs = 0;

  constructor(transport: Transport, options: ExchangeOptions) {
    this.#transport = transport;
    this.access = options.access;
    this.counters = options.counters ?? new BusCounters();
    this.clock = options.clock ?? systemClock;
    this.roundTrip = options.roundTrip ?? new RoundTrip();
    this.#owed = new OwedReplies(this.counters);
    this.#decoder = new PacketDecoder(transport.in, this.#owed.lengths);
  }

  /** For how long the replies to a request are worth waiting, µs after it: no shorter than `atLeastUs`. */
  patienceUs(read: ReadRequest, atLeastUs: number = REPLY_TIMEOUT_US): number {
    return this.roundTrip.patienceUs(read.lineUs, atLeastUs);
  }

  /** True when a reply that is late could be taken for one to this request, which then waits until the line is silent. */
  mayConfuse(read: ReadRequest): boolean {
    if (this.#owed.isEmpty) return false;
    // Who never asks because of it would wait for ever.
    this.#owed.expire(this.clock.nowUs());
    return this.#owed.confuses(read);
  }

  /**
   * Until when, µs, to keep off the line at `nowUs` because of the replies to a request that is out; 0 when it is free.
   * Right after the request they are on it, where boards hold replies back. Where servos take their time, they are when
   * they are expected: for that it is worth to wait `spareUs`. What wants to be sent is on the line for `sendUs`.
   */
  keepOffUntilUs(read: ReadRequest, nowUs: number, sendUs: number, spareUs: number): number {
    const { smoothedUs, marginUs, isKnown } = this.roundTrip;
    const passedUs = read.sentUs + Math.max(ON_THE_LINE_US, read.lineUs + ON_THE_LINE_MARGIN_US);
    const untilUs = nowUs < passedUs ? passedUs : 0;
    const freeUs = Math.max(nowUs, untilUs);
    const expectedUs = read.sentUs + smoothedUs + read.lineUs;
    // Where it is not sure when they come, no more than there is to spare.
    const careUs = Math.min(marginUs, Math.max(spareUs / 2, SURE_US));
    // Twice as careful before as after: what is late costs a wait, what is early costs both packets.
    const earliestUs = expectedUs - 2 * careUs - read.lineUs;
    if (!isKnown || freeUs + sendUs < earliestUs || freeUs >= expectedUs + marginUs) return untilUs;
    const mostUs = Math.max(spareUs, 3 * careUs + read.lineUs + sendUs);
    return Math.min(expectedUs + marginUs, freeUs + mostUs);
  }

  /**
   * Sends a prepared read and does not wait: {@link poll} or {@link collect} take the answers in.
   * Allocates nothing.
   */
  request(read: ReadRequest): void {
    if (this.#owed.confuses(read)) this.#drain();
    this.#begin();
    read.begin(this.#absentUntilUs);
    this.#transmit(read.request, read.request.length);
  }

  /**
   * Takes in what has come in answer to {@link request}, and waits for the rest until `untilUs` (of {@link clock}) at most;
   * by default not at all. Returns true when the last servo asked has answered, after which nothing more will come.
   * Allocates nothing.
   */
  poll(read: ReadRequest, untilUs = 0): boolean {
    for (;;) {
      const count = this.#receive(untilUs);
      const nowUs = this.#lookedUs;
      if (this.#takeAnswers(read)) {
        this.roundTrip.take(this.#absentUntilUs - read.sentUs, nowUs - read.sentUs, read.lineUs);
        this.#account(read);
        return true;
      }
      this.#absentUntilUs = nowUs;
      if (count === 0 || nowUs > untilUs) return false;
    }
  }

  /**
   * Waits for the answers to {@link request} until the deadline (of {@link clock}); past it, gives up.
   * Returns true when all have answered. Allocates nothing.
   */
  collect(read: ReadRequest, deadlineUs: number): boolean {
    if (!this.poll(read, deadlineUs)) this.giveUp(read);
    return read.complete;
  }

  /** Gives up waiting for the answers to {@link request}: who is missing is late, or else will count as lost. */
  giveUp(read: ReadRequest): void {
    while (this.#decoder.nextAfterSilence(read.span.length)) this.#accept(read);
    this.#account(read);
  }

  /** Sends a prepared sync write, which nobody answers. Allocates nothing. */
  send(write: WriteRequest): void {
    write.seal();
    this.#transmit(write.request, write.request.length);
  }

  /**
   * The ids of all servos that answer a broadcast ping, in the order in which they answered, one that came twice twice.
   * `garbled` when something came that was no answer, as when two servos with one id talk at once.
   */
  pingAll(): { ids: number[]; garbled: boolean } {
    const ids: number[] = [];
    this.#drain();
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

  /** Whether something came damaged since the last request was sent. */
  protected get cameDamaged(): boolean {
    return this.#decoder.checksumErrors > this.#checksumErrors;
  }

  /** Sends one request to one servo; true when its reply, which carries no data, comes. */
  protected acknowledged(id: number, instruction: number, params: ArrayLike<number>): boolean {
    const reply = new ReadRequest([id], NOTHING);
    if (this.#owed.confuses(reply)) this.#drain();
    this.#begin();
    reply.begin(this.#absentUntilUs);
    this.#transmit(this.#scratch, encodePacket(this.#scratch, id, instruction, params));
    return this.collect(reply, reply.sentUs + this.patienceUs(reply));
  }

  /** What came unasked since the last exchange is late, or noise: believing it would believe a late reply. */
  #begin(): void {
    if (!this.#owed.isEmpty) {
      this.#takeLate(0);
      this.#owed.expire(this.#lookedUs);
    }
    // The rest of what is late may be on its way.
    if (this.#owed.isEmpty) {
      this.#decoder.clear();
      this.counters.noiseBytes += this.#transport.discard();
    }
    this.#checksumErrors = this.#decoder.checksumErrors;
    this.#absentUntilUs = this.clock.nowUs();
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
    const { id, code, bytes, params, paramCount } = this.#decoder;
    if (paramCount === read.span.length && read.accept(id, code, bytes, params)) {
      this.errorBytes[id] = code;
      if (code !== 0) this.counters.add(id, "error bit");
    } else {
      this.#acceptLate();
    }
  }

  /** What nobody waits for any more tells at least how late it is. */
  #acceptLate(): void {
    const { id, paramCount } = this.#decoder;
    const owed = this.#owed;
    if (owed.take(id, paramCount)) {
      this.roundTrip.take(this.#absentUntilUs - owed.sentUs, this.#lookedUs - owed.sentUs, owed.lineUs);
    } else {
      this.counters.strays++;
    }
  }

  #account(read: ReadRequest): void {
    const decoder = this.#decoder;
    // Replies come in the order of their requests: what was asked for before this does not come any more.
    if (read.complete && !this.#owed.isEmpty) this.#owed.loseAll();
    if (!read.complete && this.cameDamaged) {
      for (let i = 0; i < read.ids.length; i++) {
        if (!read.hasAnswerFrom(i)) this.counters.add(read.ids[i]!, "corrupted");
      }
    } else if (!read.complete) {
      this.#owed.add(read);
    }
    this.counters.noiseBytes += decoder.noiseBytes;
    decoder.noiseBytes = 0;
  }

  /** Receives what comes until then; returns how many bytes. */
  #receive(untilUs: number): number {
    const fromUs = this.clock.nowUs();
    this.#decoder.makeRoom();
    const count = this.#transport.receive(this.#decoder.end, untilUs);
    this.#lookedUs = this.clock.nowUs();
    // Who had to wait has seen it come.
    if (this.#lookedUs - fromUs > WAITED_US) this.#absentUntilUs = this.#lookedUs;
    this.#decoder.received(count);
    return count;
  }

  /** Takes in what is late and comes until then; false when nothing came. */
  #takeLate(untilUs: number): boolean {
    const decoder = this.#decoder;
    const count = this.#receive(untilUs);
    while (decoder.next(NO_PARAMETERS)) this.#acceptLate();
    this.counters.noiseBytes += decoder.noiseBytes;
    decoder.noiseBytes = 0;
    return count > 0;
  }

  /** Waits until all that is owed has come, or the line is silent: then it is lost. */
  #drain(): void {
    const { smoothedUs, marginUs, isSlow } = this.roundTrip;
    const silenceUs = Math.max(SILENCE_US, isSlow ? smoothedUs + marginUs : 0);
    const giveUpUs = this.clock.nowUs() + Math.max(DRAIN_AT_MOST_US, silenceUs);
    while (!this.#owed.isEmpty) {
      const untilUs = Math.min(this.clock.nowUs() + silenceUs, giveUpUs);
      if (!this.#takeLate(untilUs) || this.#lookedUs >= giveUpUs) this.#owed.loseAll();
    }
  }
}
