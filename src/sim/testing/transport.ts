/** A simulated arm as a `Transport`, in process and without time: for testing what talks to a bus. */
import { PacketDecoder } from "../../feetech/packet.ts";
import { BAUD_RATES } from "../../feetech/registers.ts";
import type { Clock } from "../../linux/clock.ts";
import { PortError, type Transport } from "../../serial/transport.ts";
import { type Line, SimulatedArm } from "../arm/arm.ts";
import { VirtualClock } from "./clock.ts";

/** A line with an arm at its end that answers at once, and hooks for what goes wrong on a line. */
export class SimulatedTransport implements Transport {
  readonly out = new Uint8Array(1024);
  readonly in: Uint8Array;
  readonly arm: SimulatedArm;
  /** The time that the arm goes by, which passes for those who wait for it: a bus is to be given it too. */
  readonly clock: Clock;

  /** Every request that was sent, oldest first. */
  readonly sent: Uint8Array[] = [];
  /** Makes what the host receives out of what the arm replied; returns it changed, or empty to drop it. */
  onReply: ((bytes: Uint8Array) => Uint8Array) | undefined;
  /** At most so many bytes come with one {@link receive}: a small number takes packets apart. */
  longestReceive = Number.POSITIVE_INFINITY;
  /** The board is gone: every call throws. */
  lost = false;

  readonly #decoder = new PacketDecoder();
  readonly #line: Line & { baud: number };
  #pending: number[] = [];

  /** Receives into `input`, which may be a decoder's buffer. */
  constructor(
    arm?: SimulatedArm,
    input: Uint8Array = new Uint8Array(4096),
    clock: Clock = new VirtualClock(),
  ) {
    this.clock = clock;
    this.arm = arm ?? new SimulatedArm("follower", clock.nowUs());
    for (const servo of this.arm.servos) servo.firmware.zerosAfterEepromWrite = true;
    this.in = input;
    this.#line = {
      baud: BAUD_RATES[0],
      byteUs: 0,
      put: (bytes, size) =>
        this.inject(this.onReply ? this.onReply(bytes.slice(0, size)) : bytes.subarray(0, size)),
    };
  }

  /** Sets the speed of the line, in baud. */
  set baud(baudRate: number) {
    this.#line.baud = baudRate;
  }

  /** Puts bytes where the host receives them, as noise or a late reply would come. */
  inject(bytes: Iterable<number>): void {
    this.#pending.push(...bytes);
  }

  send(size: number, _deadlineUs: number): void {
    this.#check();
    this.sent.push(this.out.slice(0, size));
    this.#decoder.bytes.set(this.out.subarray(0, size), this.#decoder.end);
    this.#decoder.received(size);
    while (this.#decoder.next()) this.arm.handle(this.#decoder, this.clock.nowUs(), this.#line);
  }

  /** Never waits: what does not come at once would not come. */
  receive(offset: number, _deadlineUs: number): number {
    this.#check();
    // As a port does.
    if (offset >= this.in.length) throw new RangeError(`in has ${this.in.length} bytes`);
    const count = Math.min(this.#pending.length, this.longestReceive, this.in.length - offset);
    this.in.set(this.#pending.splice(0, count), offset);
    return count;
  }

  discard(): number {
    this.#check();
    return this.#pending.splice(0).length;
  }

  #check(): void {
    if (this.lost) throw new PortError("lost", this.arm.name, `${this.arm.name}: the board went away`);
  }
}
