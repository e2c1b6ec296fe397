/** What the main thread asks of the control thread: to look at the mode or at new settings, or to end. */
import type { Clock } from "../../linux/clock.ts";
import { wake } from "../../linux/futex.ts";
import { type Mode, PAIR_MODES } from "../state/states.ts";
import { LETTER_WORDS, Letter, LetterSender } from "./letter.ts";

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
const SETTINGS = 2;
/** Words of a mailbox's state. */
export const COMMAND_WORDS = SETTINGS + LETTER_WORDS;
const RUNNING = PAIR_MODES.indexOf("running");
/**
 * In the memory of wishes: how many there were, and the number of the one that is brought about; 0 for none. Then whether
 * the follower was seen without torque when the arms were lent.
 */
const WISH = 0;
const OBEYED = 1;
const LENT_SAFE = 2;
/** How often somebody has asked to go on. */
const RESUMES = 3;
/** Words of the memory of wishes. */
export const WISH_WORDS = 4;
/** Beside the mode's number, while the follower is to be parked: one word, so that no two wishes are ever mixed. */
const PARK = 16;
/** From this bit on, while the arms are to be lent, the number of the loan: never 0, and another one each time. */
const LOAN = 8;
const MOST_LOANS = 0x7f_ffff;
const ONLY_MODE = PARK - 1;

/** The memory of a mailbox. */
export interface MailboxMemory {
  readonly mailbox: Int32Array;
  readonly settings: Uint8Array;
  readonly wishes: Int32Array;
}

/** The main thread's side. Everything here wakes the control thread. */
export class MailboxSender {
  readonly #words: Int32Array;
  readonly #wishes: Int32Array;
  readonly #settings: LetterSender;
  #loans = 0;

  constructor(memory: MailboxMemory) {
    this.#words = memory.mailbox;
    this.#wishes = memory.wishes;
    this.#settings = new LetterSender(settingsIn(memory));
  }

  /** Asks the control thread to end. */
  requestEnd(ending: Ending): void {
    Atomics.store(this.#words, COMMAND, Command[ending]);
    wake(this.#words, COMMAND);
  }

  /** True once an end was asked for. */
  get isEnding(): boolean {
    return Atomics.load(this.#words, COMMAND) >= Command.stop;
  }

  /** What the person beside the arms wants. */
  get mode(): Mode {
    return modeIn(this.#words);
  }

  /** Takes the place of a request to park. While the arms are lent it is what they go back to. */
  set mode(mode: Mode) {
    if (mode === "running") Atomics.add(this.#wishes, RESUMES, 1);
    this.#wish(PAIR_MODES.indexOf(mode) | (loanIn(this.#words) << LOAN));
  }

  /** Asks for the follower to be led to its parking pose; when it is there the mode is "released". */
  requestPark(): void {
    Atomics.or(this.#words, MODE, PARK);
    Atomics.add(this.#wishes, WISH, 1);
    this.#callAttention();
  }

  /** Asks for both arms to be lent: the follower released, both ports closed. Takes the place of a request to park. */
  requestLend(): void {
    this.#loans = (this.#loans % MOST_LOANS) + 1;
    this.#wish(PAIR_MODES.indexOf(this.mode) | (this.#loans << LOAN));
  }

  /** The arms are lent no more: the pair goes back to its mode. */
  endLend(): void {
    this.#wish(PAIR_MODES.indexOf(this.mode));
  }

  /** From a request to lend until its end. */
  get isLendAsked(): boolean {
    return loanIn(this.#words) !== 0;
  }

  /**
   * Once the control thread has closed both ports because of what was asked last: whether the follower was seen without
   * torque before, "unknown" when not all its servos answered. Undefined until then.
   */
  get lentWithTorque(): "off" | "unknown" | undefined {
    if (!this.isLendAsked || !this.#isDone) return undefined;
    return Atomics.load(this.#wishes, LENT_SAFE) === 0 ? "unknown" : "off";
  }

  /** True from a request to park until it is done, given up, or another took its place. */
  get isParkAsked(): boolean {
    return isParkAskedIn(this.#words);
  }

  /**
   * True once the control thread has brought about what was asked for last, a pause or a release, by what it has seen of
   * the follower since then, and as long as it sees that.
   */
  get isObeyed(): boolean {
    return this.#isDone && !this.isParkAsked && !this.isLendAsked;
  }

  get #isDone(): boolean {
    const obeyed = Atomics.load(this.#wishes, OBEYED);
    return obeyed > 0 && obeyed === Atomics.load(this.#wishes, WISH);
  }

  /** Sends settings; those sent before and not taken yet are forgotten. Throws RangeError when they are too long. */
  sendSettings(settings: object): void {
    this.#settings.send(JSON.stringify(settings));
    this.#callAttention();
  }

  #wish(word: number): void {
    Atomics.store(this.#words, MODE, word);
    // After what is wished: who knows the number knows that, too.
    Atomics.add(this.#wishes, WISH, 1);
    this.#callAttention();
  }

  #callAttention(): void {
    Atomics.compareExchange(this.#words, COMMAND, Command.none, Command.attention);
    wake(this.#words, COMMAND);
  }
}

/** The control thread's side. {@link command} allocates nothing. */
export class Mailbox {
  readonly #words: Int32Array;
  readonly #wishes: Int32Array;
  readonly #settings: Letter;

  constructor(memory: MailboxMemory) {
    this.#words = memory.mailbox;
    this.#wishes = memory.wishes;
    this.#settings = new Letter(settingsIn(memory));
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

  /** The number of the loan that is asked for, another one for each; 0 while none is. */
  get loan(): number {
    return loanIn(this.#words);
  }

  /** The number of the wish that is in force: to be taken before the mode is, and before the follower is looked at. */
  get wish(): number {
    return Atomics.load(this.#wishes, WISH);
  }

  /** Another number whenever somebody has asked to go on. */
  get resumes(): number {
    return Atomics.load(this.#wishes, RESUMES);
  }

  /** Tells that a wish is brought about by what was seen since it was taken, or that none is. */
  tellObeyed(wish: number | "none"): void {
    Atomics.store(this.#wishes, OBEYED, wish === "none" ? 0 : wish);
  }

  /** Tells that both ports are closed, as a wish had it, and how the follower's torque was seen before. */
  tellLent(wish: number, torque: "off" | "unknown"): void {
    Atomics.store(this.#wishes, LENT_SAFE, torque === "off" ? 1 : 0);
    this.tellObeyed(wish);
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
    return this.isEnding || !isAsBefore || this.#settings.hasNews;
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
    return this.#settings.take();
  }
}

function settingsIn({ mailbox, settings }: MailboxMemory) {
  return { words: mailbox.subarray(SETTINGS, SETTINGS + LETTER_WORDS), bytes: settings };
}

function modeIn(words: Int32Array): Mode {
  return PAIR_MODES[Atomics.load(words, MODE) & ONLY_MODE]!;
}

function loanIn(words: Int32Array): number {
  return Atomics.load(words, MODE) >> LOAN;
}

function isParkAskedIn(words: Int32Array): boolean {
  return (Atomics.load(words, MODE) & PARK) !== 0;
}
