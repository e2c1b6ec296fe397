/**
 * What the main thread asks of the control thread: to look at the mode or at new settings, or to end. Settings are
 * copied under a sequence number and with a checksum, so that two that are sent within µs are never mixed.
 */
import type { Clock } from "../../linux/clock.ts";
import { type Mode, PAIR_MODES } from "../state/states.ts";

/**
 * What the main thread may ask of the control thread: a look at the mode and the settings, a stop, a quick one, or an
 * end that leaves the follower held for the program that comes next.
 */
export const Command = { none: 0, attention: 1, stop: 2, stopQuickly: 3, handOver: 4 } as const;

/** How the control thread may be asked to end. */
export type Ending = "stop" | "stopQuickly" | "handOver";

/** Settings come as JSON of at most so many bytes. */
export const LONGEST_SETTINGS_BYTES = 16_384;

const COMMAND = 0;
const MODE = 1;
/** Odd while settings are being written; twice the number of the settings that were sent last. */
const SEQUENCE = 2;
const SIZE = 3;
const CHECKSUM = 4;
/** Words of a mailbox's state. */
export const COMMAND_WORDS = 5;
const RUNNING = PAIR_MODES.indexOf("running");
/** Beside the mode's number, while the follower is to be parked: one word, so that no two wishes are ever mixed. */
const PARK = 16;

/** The memory of a mailbox. */
export interface MailboxMemory {
  readonly mailbox: Int32Array;
  readonly settings: Uint8Array;
}

/** The main thread's side. Everything here wakes the control thread. */
export class MailboxSender {
  readonly #words: Int32Array;
  readonly #settings: Uint8Array;

  constructor({ mailbox, settings }: MailboxMemory) {
    this.#words = mailbox;
    this.#settings = settings;
  }

  /** Asks the control thread to end. */
  requestEnd(ending: Ending): void {
    Atomics.store(this.#words, COMMAND, Command[ending]);
    Atomics.notify(this.#words, COMMAND);
  }

  /** True once an end was asked for. */
  get isEnding(): boolean {
    return Atomics.load(this.#words, COMMAND) >= Command.stop;
  }

  /** What the person beside the arms wants. */
  get mode(): Mode {
    return modeIn(this.#words);
  }

  /** Takes the place of a request to park. */
  set mode(mode: Mode) {
    Atomics.store(this.#words, MODE, PAIR_MODES.indexOf(mode));
    this.#callAttention();
  }

  /** Asks for the follower to be led to its parking pose; when it is there the mode is "released". */
  requestPark(): void {
    Atomics.or(this.#words, MODE, PARK);
    this.#callAttention();
  }

  /** True from a request to park until it is done, given up, or another took its place. */
  get isParkAsked(): boolean {
    return isParkAskedIn(this.#words);
  }

  /** Sends settings; those sent before and not taken yet are forgotten. Throws RangeError when they are too long. */
  sendSettings(settings: object): void {
    const json = new TextEncoder().encode(JSON.stringify(settings));
    if (json.length > LONGEST_SETTINGS_BYTES) throw new RangeError(`settings of ${json.length} bytes`);
    Atomics.add(this.#words, SEQUENCE, 1);
    this.#settings.set(json);
    Atomics.store(this.#words, SIZE, json.length);
    Atomics.store(this.#words, CHECKSUM, checksumOf(json));
    Atomics.add(this.#words, SEQUENCE, 1);
    this.#callAttention();
  }

  #callAttention(): void {
    Atomics.compareExchange(this.#words, COMMAND, Command.none, Command.attention);
    Atomics.notify(this.#words, COMMAND);
  }
}

/** The control thread's side. {@link command} allocates nothing. */
export class Mailbox {
  readonly #words: Int32Array;
  readonly #settings: Uint8Array;
  /** The sequence number of the settings that were taken last. */
  #taken = 0;

  constructor({ mailbox, settings }: MailboxMemory) {
    this.#words = mailbox;
    this.#settings = settings;
  }

  /** What is asked; a value of {@link Command}. */
  get command(): number {
    return Atomics.load(this.#words, COMMAND);
  }

  /** True once an end was asked for. */
  get isEnding(): boolean {
    return this.command >= Command.stop;
  }

  /** What the person beside the arms wants. */
  get mode(): Mode {
    return modeIn(this.#words);
  }

  /** True from a request to park until it is done, given up, or another took its place. */
  get isParkAsked(): boolean {
    return isParkAskedIn(this.#words);
  }

  /**
   * Ends a request to park; where the follower is released with it, that is what is wanted from now on. Who has asked
   * for something else meanwhile is obeyed.
   */
  endPark(outcome: "released" | "as before"): void {
    const asked = Atomics.load(this.#words, MODE);
    if ((asked & PARK) === 0) return;
    const mode = outcome === "released" ? PAIR_MODES.indexOf("released") : asked & ~PARK;
    Atomics.compareExchange(this.#words, MODE, asked, mode);
  }

  /** Takes a request for attention, if there is one; an end that was asked for stays. */
  attend(): void {
    Atomics.compareExchange(this.#words, COMMAND, Command.attention, Command.none);
  }

  /**
   * Whether what is asked changes what is done: an end, other settings, or another wish than `wanted`. A request for
   * attention that changes nothing is taken with that. Allocates nothing.
   */
  takesAway(wanted: "following" | "parking"): boolean {
    if (this.command === Command.none) return false;
    this.attend();
    const mode = Atomics.load(this.#words, MODE);
    const isAsBefore = wanted === "parking" ? (mode & PARK) !== 0 : mode === RUNNING;
    const sequence = Atomics.load(this.#words, SEQUENCE);
    return this.isEnding || !isAsBefore || (sequence !== this.#taken && sequence % 2 === 0);
  }

  /** Blocks the thread for a time, or until something is asked. */
  wait(clock: Clock, timeoutMs: number): void {
    clock.waitWhile(this.#words, COMMAND, Command.none, timeoutMs);
  }

  /**
   * Takes the settings that were sent last; undefined when there are none that were not taken before, or they are being
   * replaced at this moment: then the main thread asks for attention again when it is done.
   */
  takeSettings(): unknown {
    const sequence = Atomics.load(this.#words, SEQUENCE);
    if (sequence === this.#taken || sequence % 2 === 1) return undefined;
    const json = this.#settings.slice(0, Atomics.load(this.#words, SIZE));
    const checksum = Atomics.load(this.#words, CHECKSUM);
    if (Atomics.load(this.#words, SEQUENCE) !== sequence || checksumOf(json) !== checksum) return undefined;
    this.#taken = sequence;
    return JSON.parse(new TextDecoder().decode(json));
  }
}

function modeIn(words: Int32Array): Mode {
  return PAIR_MODES[Atomics.load(words, MODE) & ~PARK]!;
}

function isParkAskedIn(words: Int32Array): boolean {
  return (Atomics.load(words, MODE) & PARK) !== 0;
}

/** As the signed word that the memory holds. */
function checksumOf(bytes: Uint8Array): number {
  return Bun.hash.crc32(bytes) | 0;
}
