/**
 * A value that one thread hands to the other as JSON: under a sequence number and with a checksum, so that two that are
 * sent within µs are never mixed.
 */
import type { Clock } from "../../linux/clock.ts";
import { wake } from "../../linux/futex.ts";

/** Odd while a value is being written; twice the number of the value that was sent last. */
const SEQUENCE = 0;
const SIZE = 1;
const CHECKSUM = 2;
/** Words of a letter's state. */
export const LETTER_WORDS = 3;

/** The memory of a letter. */
export interface LetterMemory {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
}

/** The side that sends. */
export class LetterSender {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;

  constructor({ words, bytes }: LetterMemory) {
    this.#words = words;
    this.#bytes = bytes;
  }

  /** Sends JSON; what was sent before and not taken yet is forgotten. Throws RangeError when it is too long. */
  send(text: string): void {
    const json = new TextEncoder().encode(text);
    if (json.length > this.#bytes.length) throw new RangeError(`a letter of ${json.length} bytes`);
    Atomics.add(this.#words, SEQUENCE, 1);
    this.#bytes.set(json);
    Atomics.store(this.#words, SIZE, json.length);
    Atomics.store(this.#words, CHECKSUM, checksumOf(json));
    Atomics.add(this.#words, SEQUENCE, 1);
    wake(this.#words, SEQUENCE);
  }
}

/** The side that takes. */
export class Letter {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  /** The sequence number of what was taken last. */
  #taken = 0;

  constructor({ words, bytes }: LetterMemory) {
    this.#words = words;
    this.#bytes = bytes;
  }

  /** Whether something is there that was not taken yet. Allocates nothing. */
  get hasNews(): boolean {
    return this.#isNew(Atomics.load(this.#words, SEQUENCE));
  }

  /**
   * Takes what was sent last; undefined when there is nothing that was not taken before, or it is being replaced at this
   * moment.
   */
  take(): unknown {
    const sequence = Atomics.load(this.#words, SEQUENCE);
    if (!this.#isNew(sequence)) return undefined;
    const json = this.#bytes.slice(0, Atomics.load(this.#words, SIZE));
    const checksum = Atomics.load(this.#words, CHECKSUM);
    if (Atomics.load(this.#words, SEQUENCE) !== sequence || checksumOf(json) !== checksum) return undefined;
    this.#taken = sequence;
    return JSON.parse(new TextDecoder().decode(json));
  }

  /** Whether a number is that of what was sent whole, and not taken yet. */
  #isNew(sequence: number): boolean {
    return sequence !== this.#taken && sequence % 2 === 0;
  }

  /** Takes what is sent next, waiting for at most so long. */
  takeWithin(clock: Clock, patienceMs: number): unknown {
    const untilUs = clock.nowUs() + patienceMs * 1e3;
    for (;;) {
      const sequence = Atomics.load(this.#words, SEQUENCE);
      const taken = this.take();
      const leftMs = (untilUs - clock.nowUs()) / 1e3;
      if (taken !== undefined || leftMs <= 0) return taken;
      clock.waitWhile(this.#words, SEQUENCE, sequence, leftMs);
    }
  }
}

/** As the signed word that the memory holds. */
function checksumOf(bytes: Uint8Array): number {
  return Bun.hash.crc32(bytes) | 0;
}
