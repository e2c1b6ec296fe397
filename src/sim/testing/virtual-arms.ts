/** Two simulated arms on boards in virtual time: ports for a pair that runs in a test, thousands of seconds in one. */
import { Instruction, PacketDecoder } from "../../feetech/packet.ts";
import { PortError, type PortTrouble, type Transport } from "../../serial/transport.ts";
import { type Line, SimulatedArm } from "../arm/arm.ts";
import { Hand } from "../arm/hand.ts";
import { ARMS, type ArmName } from "../arm/joints.ts";
import { type Scene, servosOf } from "../arm/scene.ts";
import type { BytesEntry, RecordEntry } from "../record/entries.ts";
import type { VirtualClock } from "./clock.ts";
import { Forger } from "./forger.ts";

/** 10 bits at 1 Mbps. */
const BYTE_US = 10;
/** From the host to the line, and as long back: a USB full-speed frame in all. */
const USB_US = 500;

/** Bytes on their way to the host. */
interface Arriving {
  readonly atUs: number;
  readonly bytes: Uint8Array;
  /** When they are on the line. */
  readonly lineFromUs: number;
  readonly lineToUs: number;
}

/** One arm and its board. */
export class VirtualBoard implements Transport {
  readonly out = new Uint8Array(1024);
  readonly in = new Uint8Array(4096);
  readonly arm: SimulatedArm;
  readonly hand: Hand;
  /** What its servos' replies are made of on their way to the host. */
  readonly forger = new Forger();
  /** What keeps the port from being opened; undefined while it can be. A board that is "missing" is gone. */
  trouble: PortTrouble | undefined;
  /** Whether somebody has the port open. */
  isOpen = false;
  /** So many of the next replies do not come. */
  lose = 0;
  /** How long bytes take from host to line, and back, µs. */
  usbUs = USB_US;
  /**
   * How much later than that the replies to each request come, µs: an adapter that waits for more, hubs, a busy host, a
   * network (packaging/doc/performance.md has what is usual). They come in their order.
   */
  replyDelayUs: () => number = () => 0;
  /** Where they are late: behind the line, as all these are; or before it, as servos that take their time would be. */
  isLate: "behind the line" | "before the line" = "behind the line";
  /** Whether the arm hears a request. */
  hears: (packet: Uint8Array) => boolean = () => true;
  /** What a call on the open port fails with from now on, beside a board that is gone. */
  failure: PortTrouble | undefined;

  readonly #clock: VirtualClock;
  readonly #record: RecordEntry[];
  readonly #decoder = new PacketDecoder();
  readonly #line: Line & { baud: number };
  readonly #path: string;
  #arriving: Arriving[] = [];
  /** Of the replies to the request that is being obeyed, µs. */
  #delayUs = 0;
  #lineBusyUntilUs = 0;
  #lastArrivalUs = 0;

  constructor(name: ArmName, scene: Scene, path: string, clock: VirtualClock, record: RecordEntry[]) {
    this.arm = new SimulatedArm(name, clock.nowUs(), servosOf(name, scene), (joint, event) =>
      record.push({ t: clock.nowUs(), kind: "event", arm: name, joint, ...event }),
    );
    for (const servo of this.arm.servos) servo.firmware.zerosAfterEepromWrite = true;
    this.hand = new Hand(this.arm);
    this.#path = path;
    this.#clock = clock;
    this.#record = record;
    this.#line = {
      baud: 1_000_000,
      byteUs: BYTE_US,
      put: (bytes, size, startUs, heldUs) => this.#reply(bytes.slice(0, size), startUs + heldUs),
    };
  }

  /** Sets the speed of the line, in baud. */
  set baud(baudRate: number) {
    this.#line.baud = baudRate;
  }

  /** Bytes that nobody sent come to the host now. */
  noise(bytes: Uint8Array): void {
    const nowUs = this.#clock.nowUs();
    this.#arriving.push({ atUs: nowUs, bytes, lineFromUs: nowUs, lineToUs: nowUs });
  }

  /** Pulls the cable, or plugs it in again. */
  set isPlugged(isPlugged: boolean) {
    this.trouble = isPlugged ? undefined : "missing";
    this.#arriving = [];
  }

  /** Switches the arm's power. */
  set hasPower(hasPower: boolean) {
    const nowUs = this.#clock.nowUs();
    for (const servo of this.arm.servos) {
      if (hasPower) servo.powerUp(nowUs);
      else servo.powerDown(nowUs);
    }
  }

  send(size: number, _deadlineUs: number): void {
    this.#check();
    const packet = this.out.slice(0, size);
    const startUs = Math.max(this.#clock.nowUs() + this.usbUs, this.#lineBusyUntilUs);
    const endUs = startUs + size * BYTE_US;
    this.#lineBusyUntilUs = endUs;
    this.hand.move(this.#clock.nowUs());
    if (!this.hears(packet)) return;
    this.#note("request", packet, this.#clock.nowUs());
    if (this.#meetsReply(packet, startUs, endUs)) return;
    this.forger.request(packet);
    this.#delayUs = this.replyDelayUs();
    const isAnswered = packet[4] !== Instruction.syncWrite;
    const atUs = endUs + (isAnswered && this.isLate === "before the line" ? this.#delayUs : 0);
    this.#decoder.bytes.set(packet, this.#decoder.end);
    this.#decoder.received(size);
    while (this.#decoder.next()) this.arm.handle(this.#decoder, atUs, this.#line);
  }

  receive(offset: number, deadlineUs: number): number {
    this.#check();
    const next = this.#arriving[0];
    const untilUs = next === undefined ? deadlineUs : Math.min(next.atUs, deadlineUs);
    if (untilUs > this.#clock.nowUs()) this.#clock.sleepUntilUs(untilUs);
    this.#check();
    let count = 0;
    while (this.#arriving[0] !== undefined && this.#arriving[0].atUs <= this.#clock.nowUs()) {
      const { bytes } = this.#arriving.shift()!;
      this.in.set(bytes, offset + count);
      count += bytes.length;
    }
    return count;
  }

  discard(): number {
    this.#check();
    const due = this.#arriving.filter(({ atUs }) => atUs <= this.#clock.nowUs());
    this.#arriving = this.#arriving.slice(due.length);
    return due.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  #reply(bytes: Uint8Array, startUs: number): void {
    if (this.lose > 0) {
      this.lose--;
      return;
    }
    this.forger.reply(bytes);
    const lineToUs = startUs + bytes.length * BYTE_US;
    const heldUs = this.isLate === "behind the line" ? this.#delayUs : 0;
    const atUs = Math.max(lineToUs + this.usbUs + heldUs, this.#lastArrivalUs);
    this.#lastArrivalUs = atUs;
    this.#arriving.push({ atUs, bytes, lineFromUs: startUs, lineToUs });
    this.#note("reply", bytes, atUs);
  }

  /** One line carries both ways: a request that meets a reply on it is not understood, and the reply is spoilt. */
  #meetsReply(packet: Uint8Array, startUs: number, endUs: number): boolean {
    let meets = false;
    for (const { bytes, lineFromUs, lineToUs } of this.#arriving) {
      if (lineFromUs >= endUs || lineToUs <= startUs) continue;
      meets = true;
      bytes.fill(0, 4);
    }
    if (meets) {
      const t = this.#clock.nowUs();
      const hex = packet.toHex();
      this.#record.push({ t, kind: "event", arm: this.arm.name, event: "collision", hex, isExact: true });
    }
    return meets;
  }

  #note(kind: BytesEntry["kind"], bytes: Uint8Array, t: number): void {
    this.#record.push({ t, kind, arm: this.arm.name, hex: bytes.toHex(), firstT: t, lastT: t });
  }

  #check(): void {
    const trouble = this.trouble === "missing" ? "lost" : this.failure;
    if (trouble !== undefined) throw new PortError(trouble, this.#path, `${this.#path}: ${trouble}`);
  }
}

/** Both arms of a pair, the paths of their ports, and a record of all that they were told. */
export class VirtualArms {
  readonly clock: VirtualClock;
  readonly boards: Readonly<Record<ArmName, VirtualBoard>>;
  readonly record: RecordEntry[] = [];

  constructor(clock: VirtualClock, scene: Scene = "configured") {
    this.clock = clock;
    const boards = ARMS.map((name) => [
      name,
      new VirtualBoard(name, scene, pathOf(name), clock, this.record),
    ]);
    this.boards = Object.fromEntries(boards) as Record<ArmName, VirtualBoard>;
  }

  /** Opens the port of a board, as the connection to an arm does. Rejects with a {@link PortError}. */
  async open(path: string) {
    const board = ARMS.map((name) => this.boards[name]).find(({ arm }) => pathOf(arm.name) === path);
    const trouble = board === undefined ? "missing" : board.trouble;
    if (board === undefined || trouble !== undefined)
      throw new PortError(trouble ?? "missing", path, `${path} cannot be opened: ${trouble}`);
    board.isOpen = true;
    return {
      transport: board,
      setBaudRate: (baudRate: number) => {
        board.baud = baudRate;
      },
      async close() {
        board.isOpen = false;
      },
    };
  }
}

/** Where the port of an arm is. */
export function pathOf(name: ArmName): string {
  return `/virtual/${name}`;
}
