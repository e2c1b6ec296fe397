/** A simulated USB board: a pty toward the host, the half-duplex line toward an arm, and the time both take. */
import { PacketDecoder } from "../feetech/packet.ts";
import { nativeBuffer } from "../linux/libc.ts";
import type { Line, SimulatedArm } from "./arm/arm.ts";
import { Pty } from "./pty.ts";
import type { Recorder } from "./record/recorder.ts";

/** How long bytes take. */
export interface Timing {
  /** From the host to the board; and how often the board hands over what has come from the arm, µs. */
  usbDelayUs: number;
  /** Whether bytes take their time on the line and servos wait their return delay. */
  wireTime: boolean;
}

/** How much later than that the replies to a request come. */
export interface Lateness {
  /** µs. */
  readonly delayUs: number;
  /** Up to so much more, µs, at random. */
  readonly jitterUs: number;
}

/** Not later at all. */
export const IN_TIME: Lateness = { delayUs: 0, jitterUs: 0 };

const BUFFER_SIZE = 8192;
/** The beginning of a packet is given up by the servos when nothing more comes for so long. */
const PACKET_TIMEOUT_US = 5000;
const ROOM_FOR_RUNS = 1024;
/** Sums of µs since the machine started are no more exact than this. */
const ROUNDING_US = 0.01;

/** Bytes that come to the host outside the order of the line. */
interface Injection {
  atUs: number;
  bytes: Uint8Array;
}

/** One board with its arm. {@link receive} and {@link deliver} allocate nothing while nothing is wrong. */
export class Board implements Line {
  readonly arm: SimulatedArm;
  baud = 0;
  byteUs = 0;
  /** When {@link deliver} has something to do next; Infinity: never, as it stands. */
  dueUs = Number.POSITIVE_INFINITY;
  /** Bytes that come directly before each of the next replies. */
  readonly noiseBefore = { replies: 0, bytes: new Uint8Array() };
  /** Called when the board, plugged in as it is, has another pty: see {@link Pty.endExclusive}. */
  moved: (path: string) => void = () => {};

  readonly #timing: Timing;
  readonly #recorder: Recorder;
  #pty: Pty | undefined;
  #open = false;

  readonly #input = nativeBuffer(BUFFER_SIZE);
  readonly #requests = new PacketDecoder(this.#input.bytes);
  #requestFirstUs = 0;
  #heardAtUs = 0;

  /** When the last of the host's bytes is through the line. */
  #hostBusyUntilUs = 0;

  // What the arm replied, with the time each byte reaches the board; [head, tail) is not yet delivered.
  readonly #reply = nativeBuffer(BUFFER_SIZE);
  readonly #replyUs = new Float64Array(BUFFER_SIZE);
  // How much later the host gets it.
  readonly #lateUs = new Float64Array(BUFFER_SIZE);
  #lateness = IN_TIME;
  /** Of the replies to the request that is being obeyed. */
  #lateNowUs = 0;
  #head = 0;
  #tail = 0;
  // Where the replies to each request end in it, for the record.
  readonly #runEnds = new Uint32Array(ROOM_FOR_RUNS);
  #runs = 0;
  #runsDone = 0;
  #runStart = 0;
  #runFirstUs = 0;
  readonly #injections: Injection[] = [];

  constructor(arm: SimulatedArm, timing: Timing, recorder: Recorder) {
    this.arm = arm;
    this.#timing = timing;
    this.#recorder = recorder;
  }

  /** The pty's slave, or undefined while the board is pulled. */
  get path(): string | undefined {
    return this.#pty?.path;
  }

  /** The pty's master, or −1 while the board is pulled. */
  get fd(): number {
    return this.#pty?.fd ?? -1;
  }

  /**
   * How late the replies are from now on, behind the line, in their order: what is usual of hubs, adapters that wait for
   * more bytes, busy hosts and networks stands in packaging/doc/simulator.md.
   */
  set lateness(lateness: Lateness) {
    this.#lateness = lateness;
  }

  /** Plugs the board in; returns the path of its new pty. */
  plug(): string {
    if (this.#pty === undefined) {
      this.#pty = new Pty();
      this.#recorder.note({ kind: "event", arm: this.arm.name, event: "plugged" });
    }
    return this.#pty.path;
  }

  /** Pulls the board out. */
  pull(): void {
    if (this.#pty === undefined) return;
    this.#pty.close();
    this.#pty = undefined;
    this.#open = false;
    this.#forget();
    this.#recorder.note({ kind: "event", arm: this.arm.name, event: "pulled" });
  }

  /** Puts bytes onto the host's input at `atUs`, whatever else is going on. */
  inject(bytes: Uint8Array, atUs: number): void {
    this.#injections.push({ atUs, bytes });
    this.#injections.sort((a, b) => a.atUs - b.atUs);
    this.#updateDue();
  }

  /** Tells that the host has closed its port: what was under way is lost. */
  hungUp(): void {
    if (this.#open) this.#recorder.note({ kind: "event", arm: this.arm.name, event: "closed" });
    this.#open = false;
    this.#forget();
    const pty = this.#pty;
    // Also after a program that was killed before it sent anything.
    if (pty === undefined || pty.endExclusive()) return;
    this.#pty = pty.successor();
    this.moved(this.#pty.path);
    pty.close();
  }

  /** Reads what the host has sent, and lets the arm obey. */
  receive(nowUs: number): void {
    const pty = this.#pty;
    if (pty === undefined) return;
    const requests = this.#requests;
    if (requests.end > 0 && nowUs - this.#heardAtUs > PACKET_TIMEOUT_US) this.#giveUpPacket(nowUs);
    const room = BUFFER_SIZE - requests.end;
    // biome-ignore lint/suspicious/noExplicitAny: bun:ffi brands pointers; the sum of one and an offset is one
    const size = pty.read((this.#input.pointer + requests.end) as any, room);
    if (size === 0) return;
    if (!this.#open) this.#recorder.note({ kind: "event", arm: this.arm.name, event: "opened" }, nowUs);
    this.#open = true;
    if (requests.end === 0) this.#requestFirstUs = nowUs;
    this.#heardAtUs = nowUs;
    this.baud = pty.baud;
    if (this.baud === 0) return; // the port is hanging up
    this.byteUs = this.#timing.wireTime ? 10e6 / this.baud : 0;
    requests.received(size);
    while (requests.next()) {
      this.#obey(nowUs);
      this.#requestFirstUs = nowUs;
    }
    this.#updateDue();
  }

  /** Hands to the host what is due. */
  deliver(nowUs: number): void {
    while (this.#injections.length > 0 && this.#injections[0]!.atUs <= nowUs) {
      const { bytes } = this.#injections.shift()!;
      this.#pty?.write(bytes, bytes.length);
      this.#recorder.packet("injected", this.arm.name, bytes, 0, bytes.length, nowUs, nowUs);
    }
    let end = this.#head;
    const until = this.#lastHandOver(nowUs);
    while (end < this.#tail && this.#replyUs[end]! + this.#lateUs[end]! <= until) end++;
    if (end > this.#head) this.#hand(end, nowUs);
    this.#updateDue();
  }

  put(bytes: Uint8Array, size: number, startUs: number, heldUs: number): void {
    if (heldUs > 0) {
      this.inject(bytes.slice(0, size), startUs + heldUs);
      return;
    }
    if (this.noiseBefore.replies > 0) {
      this.noiseBefore.replies--;
      const { bytes: noise } = this.noiseBefore;
      for (let i = 0; i < noise.length; i++)
        this.#place(noise[i]!, startUs - (noise.length - 1 - i) * this.byteUs);
    }
    for (let i = 0; i < size; i++) this.#place(bytes[i]!, startUs + (i + 1) * this.byteUs);
  }

  /** Lets the arm obey the packet that the decoder stands at. */
  #obey(nowUs: number): void {
    const request = this.#requests;
    const size = request.paramCount + 6;
    const start = request.params - 5;
    this.#recorder.packet(
      "request",
      this.arm.name,
      request.bytes,
      start,
      start + size,
      this.#requestFirstUs,
      nowUs,
    );
    this.#lateNowUs = this.#lateness.delayUs + this.#lateness.jitterUs * Math.random();
    if (!this.#timing.wireTime) {
      this.arm.handle(request, nowUs, this);
    } else {
      const startUs = Math.max(nowUs + this.#timing.usbDelayUs, this.#hostBusyUntilUs);
      const endUs = startUs + size * this.byteUs;
      this.#hostBusyUntilUs = endUs;
      if (!this.#collides(start, size, startUs, endUs)) this.arm.handle(request, endUs, this);
    }
    this.#endRun();
  }

  #endRun(): void {
    const previous = this.#runs === 0 ? 0 : this.#runEnds[this.#runs - 1]!;
    if (this.#tail > previous && this.#runs < ROOM_FOR_RUNS) this.#runEnds[this.#runs++] = this.#tail;
  }

  /** Puts a byte of a reply on the line so that it is through at `atUs`. */
  #place(byte: number, atUs: number): void {
    if (this.#tail === BUFFER_SIZE) return; // nobody reads: a board's buffer overflows, too
    const { bytes } = this.#reply;
    let index = this.#tail;
    while (index > this.#head && this.#replyUs[index - 1]! > atUs + ROUNDING_US) index--;
    const before = index > this.#head ? atUs - this.#replyUs[index - 1]! : Number.POSITIVE_INFINITY;
    if (before < this.byteUs - ROUNDING_US) {
      bytes[index - 1]! &= byte; // two senders at once: each can only pull a bit low
      return;
    }
    bytes.copyWithin(index + 1, index, this.#tail);
    this.#replyUs.copyWithin(index + 1, index, this.#tail);
    this.#lateUs.copyWithin(index + 1, index, this.#tail);
    bytes[index] = byte;
    this.#replyUs[index] = atUs;
    this.#lateUs[index] = this.#lateNowUs;
    this.#tail++;
  }

  /** Whether the host sends while a servo does; if so, spoils what the servo says, too. */
  #collides(start: number, size: number, startUs: number, endUs: number): boolean {
    let collides = false;
    for (let i = this.#head; i < this.#tail; i++) {
      const byteEndUs = this.#replyUs[i]!;
      if (byteEndUs <= startUs + ROUNDING_US || byteEndUs - this.byteUs >= endUs - ROUNDING_US) continue;
      collides = true;
      this.#reply.bytes[i]! &= Math.random() * 256;
    }
    if (collides) {
      const hex = this.#requests.bytes.subarray(start, start + size).toHex();
      this.#recorder.note({ kind: "event", arm: this.arm.name, event: "collision", hex, isExact: false });
    }
    return collides;
  }

  #hand(end: number, nowUs: number): void {
    if (this.#open) {
      // biome-ignore lint/suspicious/noExplicitAny: as in receive()
      this.#pty!.write((this.#reply.pointer + this.#head) as any, end - this.#head);
    }
    if (this.#head === this.#runStart) this.#runFirstUs = nowUs;
    this.#head = end;
    while (this.#runsDone < this.#runs && this.#runEnds[this.#runsDone]! <= end) {
      const runEnd = this.#runEnds[this.#runsDone++]!;
      this.#recorder.packet(
        "reply",
        this.arm.name,
        this.#reply.bytes,
        this.#runStart,
        runEnd,
        this.#runFirstUs,
        nowUs,
      );
      this.#runStart = runEnd;
      this.#runFirstUs = nowUs;
    }
    if (this.#head === this.#tail) this.#emptyReplies();
  }

  #emptyReplies(): void {
    this.#head = 0;
    this.#tail = 0;
    this.#runs = 0;
    this.#runsDone = 0;
    this.#runStart = 0;
  }

  #giveUpPacket(nowUs: number): void {
    const { bytes, end } = this.#requests;
    this.#recorder.packet("unheard", this.arm.name, bytes, 0, end, this.#requestFirstUs, nowUs);
    this.#requests.clear();
  }

  #forget(): void {
    this.#requests.clear();
    this.#injections.length = 0;
    this.#emptyReplies();
    this.#hostBusyUntilUs = 0;
    this.#updateDue();
  }

  /** The last moment up to `nowUs` at which the board handed bytes over. */
  #lastHandOver(nowUs: number): number {
    const interval = this.#timing.usbDelayUs;
    return this.#timing.wireTime && interval > 0 ? Math.floor(nowUs / interval) * interval : nowUs;
  }

  #updateDue(): void {
    let due = this.#injections.length > 0 ? this.#injections[0]!.atUs : Number.POSITIVE_INFINITY;
    if (this.#head < this.#tail) {
      const interval = this.#timing.usbDelayUs;
      const at = this.#replyUs[this.#head]! + this.#lateUs[this.#head]!;
      due = Math.min(due, this.#timing.wireTime && interval > 0 ? Math.ceil(at / interval) * interval : at);
    }
    this.dueUs = due;
  }
}
