/**
 * Packets of the Feetech STS protocol: encoding requests, and finding packets in a stream of bytes.
 *
 * `FF FF id length code params… checksum`; length = params + 2; checksum = ~(id + length + code + Σ params).
 * `code` is the instruction in a request and the error byte in a status packet.
 */

/** The instructions. 0x06 and 0x0a are left out on purpose: sources disagree which of them wipes the servo. */
export const Instruction = {
  ping: 0x01,
  read: 0x02,
  write: 0x03,
  syncRead: 0x82,
  syncWrite: 0x83,
} as const;

/** The id that every servo obeys. */
export const BROADCAST_ID = 0xfe;

/** Bytes of a packet beside its parameters. */
export const PACKET_OVERHEAD = 6;

/** The longest packet that a length byte can describe. */
export const MAX_PACKET_SIZE = 255 + 4;

/**
 * Writes a packet to the start of `out` and returns its size in bytes.
 * Allocates nothing. Throws RangeError when there are more parameters than a length byte can describe.
 */
export function encodePacket(
  out: Uint8Array,
  id: number,
  code: number,
  params: ArrayLike<number>,
  count: number = params.length,
): number {
  if (count > 253) throw new RangeError(`a packet carries at most 253 parameter bytes, not ${count}`);
  out[0] = 0xff;
  out[1] = 0xff;
  out[2] = id;
  out[3] = count + 2;
  out[4] = code;
  for (let i = 0; i < count; i++) out[5 + i] = params[i]!;
  return sealPacket(out);
}

/** Sets the checksum of the packet at the start of `out`, whose other bytes are in place; returns its size. */
export function sealPacket(out: Uint8Array): number {
  const size = out[3]! + 4;
  out[size - 1] = checksum(out, 0, size);
  return size;
}

function checksum(bytes: Uint8Array, start: number, size: number): number {
  let sum = 0;
  for (let i = start + 2; i < start + size - 1; i++) sum += bytes[i]!;
  return ~sum & 0xff;
}

/**
 * Finds packets in a byte stream; noise is the normal case. Bytes are put into `bytes` at `end`, announced with
 * {@link received}, and taken out packet by packet with {@link next}. Allocates nothing.
 *
 * A candidate is refused, and the search goes on at its second byte, when its id, its length or its checksum is
 * wrong: so a header inside noise never swallows a packet that follows.
 */
export class PacketDecoder {
  /** What has been received; the caller appends at {@link end}. */
  readonly bytes: Uint8Array;
  /** Where the next received byte belongs. */
  end = 0;

  /** Of the packet that {@link next} found: its id, … */
  id = 0;
  /** … its instruction or error byte, … */
  code = 0;
  /** … where its parameters start in {@link bytes}, … */
  params = 0;
  /** … and how many there are. */
  paramCount = 0;

  /** Bytes that belonged to no packet. */
  noiseBytes = 0;
  /** Candidates, otherwise plausible, whose checksum was wrong. */
  checksumErrors = 0;

  #start = 0;
  readonly #alsoCounts: Uint8Array | undefined;

  /**
   * `bytes` may be given so that another party, such as a serial port, can fill it; at least two packets long.
   * `alsoCounts` has, by their number of parameters, the packets that {@link next} finds beside those that it is asked
   * for.
   */
  constructor(bytes: Uint8Array = new Uint8Array(4 * MAX_PACKET_SIZE), alsoCounts?: Uint8Array) {
    this.bytes = bytes;
    this.#alsoCounts = alsoCounts;
  }

  /** Tells that `count` bytes were appended at {@link end}. */
  received(count: number): void {
    this.end += count;
  }

  /** Forgets everything received: counted as noise unless it had been taken out. Returns how many bytes. */
  clear(): number {
    const left = this.end - this.#start;
    this.noiseBytes += left;
    this.#start = 0;
    this.end = 0;
    return left;
  }

  /**
   * Moves to the next whole packet; false when there is none (yet).
   * With `paramCount`, only packets with so many parameters exist: a header of any other length is noise at once.
   */
  next(paramCount = -1): boolean {
    while (this.end - this.#start >= 2) {
      const verdict = this.#candidate(paramCount);
      if (verdict > 0) {
        this.#take(verdict);
        return true;
      }
      if (verdict === 0) break;
      this.#start++;
      this.noiseBytes++;
    }
    this.#makeRoom();
    return false;
  }

  /**
   * Tells that nothing more will come of what has begun: gives up the candidate that waits for more bytes and
   * searches on behind its first byte. Returns as {@link next}.
   */
  nextAfterSilence(paramCount = -1): boolean {
    while (this.end > this.#start) {
      this.#start++;
      this.noiseBytes++;
      if (this.next(paramCount)) return true;
    }
    return false;
  }

  /** The size of the packet that begins at #start; 0 when more bytes must tell; −1 when none begins there. */
  #candidate(paramCount: number): number {
    const { bytes, end } = this;
    const start = this.#start;
    const have = end - start;
    if (bytes[start] !== 0xff || bytes[start + 1] !== 0xff) return -1;
    if (have < 3) return 0;
    if (bytes[start + 2]! > BROADCAST_ID) return -1;
    if (have < 4) return 0;
    const length = bytes[start + 3]!;
    if (length < 2) return -1;
    if (paramCount >= 0 && length !== paramCount + 2 && !this.#alsoCounts?.[length - 2]) return -1;
    const size = length + 4;
    if (have < size) return 0;
    if (bytes[start + size - 1] !== checksum(bytes, start, size)) {
      this.checksumErrors++;
      return -1;
    }
    return size;
  }

  #take(size: number): void {
    const start = this.#start;
    this.id = this.bytes[start + 2]!;
    this.code = this.bytes[start + 4]!;
    this.params = start + 5;
    this.paramCount = size - PACKET_OVERHEAD;
    this.#start = start + size;
  }

  /**
   * Makes room for more at {@link end}, also where packets were left that nobody has asked for: what a line floods with
   * is forgotten where nothing of it was taken out. Allocates nothing.
   */
  makeRoom(): void {
    this.#makeRoom();
    if (this.end === this.bytes.length) this.clear();
  }

  /** Moves what is left to the front, so that a whole packet always fits behind it. */
  #makeRoom(): void {
    if (this.#start === this.end) {
      this.#start = 0;
      this.end = 0;
    } else if (this.bytes.length - this.end < MAX_PACKET_SIZE) {
      this.bytes.copyWithin(0, this.#start, this.end);
      this.end -= this.#start;
      this.#start = 0;
    }
  }
}
