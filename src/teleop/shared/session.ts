/** The drive that a client has asked for, as both threads know it: which it is, and under which epoch its targets come. */
import { epochHalves } from "../remote/sample.ts";

/** The number of the drive, 0 for none; then its epoch, 0 for none. */
const NUMBER = 0;
const LOW = 1;
const HIGH = 2;
/** How often the leader's board has appeared while its port was not open. */
const BOARDS = 3;
/** Whether the program before has left the follower to nobody. */
const AWAITS_LEADER = 4;
/** Words of the memory of a session. */
export const SESSION_WORDS = 5;

const MOST_SESSIONS = 0x7fff_ffff;

/** The main thread's side. */
export class SessionSender {
  readonly #words: Int32Array;
  #count = 0;

  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** A drive begins; its number. */
  begin(epoch: string): number {
    this.end();
    this.#count = (this.#count % MOST_SESSIONS) + 1;
    this.hear(epoch);
    Atomics.store(this.#words, NUMBER, this.#count);
    return this.#count;
  }

  /** The same drive goes on under another epoch; undefined while nobody sends its targets. */
  hear(epoch: string | undefined): void {
    // With half of it told already it is an epoch that nobody has.
    const { low, high } = epoch === undefined ? { low: 0, high: 0 } : epochHalves(epoch);
    Atomics.store(this.#words, LOW, low);
    Atomics.store(this.#words, HIGH, high);
  }

  /** The drive is over: no target of it counts any more. */
  end(): void {
    Atomics.store(this.#words, NUMBER, 0);
    this.hear(undefined);
  }

  /** To be called before the control thread is started: no leader is to be followed before a person has moved it. */
  awaitLeader(): void {
    Atomics.store(this.#words, AWAITS_LEADER, 1);
  }

  /** The leader's board has appeared. */
  boardAppeared(): void {
    Atomics.add(this.#words, BOARDS, 1);
  }
}

/** The control thread's side. Allocates nothing. */
export class Session {
  readonly #words: Int32Array;

  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** Which drive may be; 0 for none. */
  get number(): number {
    return Atomics.load(this.#words, NUMBER);
  }

  /** The halves of the epoch of its targets; both 0 while nobody sends them. */
  get low(): number {
    return Atomics.load(this.#words, LOW) >>> 0;
  }
  get high(): number {
    return Atomics.load(this.#words, HIGH) >>> 0;
  }

  /** Whether at the start no leader is to be followed before a person has moved it. */
  get awaitsLeader(): boolean {
    return Atomics.load(this.#words, AWAITS_LEADER) !== 0;
  }

  /** Another number whenever the leader's board has appeared. */
  get boards(): number {
    return Atomics.load(this.#words, BOARDS);
  }
}
