/** A Linux serial port of our own: raw, locked against others, with synchronous calls that end by a deadline. */
import type { Pointer } from "bun:ffi";
import { nowUs, sleepUntilUs, writeTimespec } from "../linux/clock.ts";
import { Errno, errno, libc, nativeBuffer } from "../linux/libc.ts";
import { askForLowLatency } from "./latency.ts";
import { type LineSettings, rawLine } from "./termios.ts";
import type { PortError, Transport } from "./transport.ts";
import { closed, failed, lost, stuck } from "./troubles.ts";
import {
  control,
  discardBothWays,
  discardOutput,
  lock,
  openDevice,
  reportedSpeed,
  requireTty,
  setLine,
  unlock,
} from "./tty.ts";

/** How to open a port. What is left out is as in {@link rawLine}. */
export interface TtyOptions extends Partial<LineSettings> {
  /** Bits a second. */
  readonly baudRate: number;
  /** Keep other programs out; true unless told otherwise. */
  readonly lock?: boolean;
}

// asm-generic's numbers; the same on x86-64 and arm64.
const TCSBRK = 0x5409;
const TIOCOUTQ = 0x5411;
const POLLIN = 0x01;
const POLLOUT = 0x04;
const POLLHUP = 0x10;

const OUT_SIZE = 512;
const IN_SIZE = 4096;

/** Where discard() ends even against a peer that never pauses: about what the kernel buffers for a tty. */
const DISCARD_LIMIT = 65_536;

/** Output that a working board has not taken after this long, it will not take: 512 bytes at 38 400 baud are 0.14 s. */
const DRAIN_LIMIT_US = 1e6;
const DRAIN_STEP_US = 200;

// What ioctl and ppoll read and write. One of each is enough: no call outlives its use of them.
const argument = nativeBuffer(4);
const argumentWord = new Int32Array(argument.bytes.buffer);
const timeout = nativeBuffer(16);
const timeoutWords = new Uint32Array(timeout.bytes.buffer);
const waste = nativeBuffer(IN_SIZE);

/**
 * An open tty. {@link send}, {@link receive} and {@link discard} allocate nothing unless they throw.
 * Every call but {@link close} throws a {@link PortError}, of trouble "lost" once the board was unplugged.
 */
export class TtyPort implements Transport {
  /** As given to {@link open}; may be a symbolic link. */
  readonly path: string;
  readonly out: Uint8Array;
  readonly in: Uint8Array;

  #fd: number;
  #line: LineSettings;
  #locked = false;
  readonly #outAddress: number;
  readonly #inAddress: number;
  readonly #poll = nativeBuffer(8);
  /** `struct pollfd` as words: the fd, and events with revents in the upper half. */
  readonly #pollWords = new Int32Array(this.#poll.bytes.buffer);

  private constructor(path: string, fd: number, line: LineSettings) {
    const out = nativeBuffer(OUT_SIZE);
    const input = nativeBuffer(IN_SIZE);
    this.path = path;
    this.out = out.bytes;
    this.in = input.bytes;
    this.#outAddress = out.pointer;
    this.#inAddress = input.pointer;
    this.#fd = fd;
    this.#line = line;
    this.#pollWords[0] = fd;
  }

  /**
   * Opens a tty raw, at the given speed, with empty buffers, and keeps other programs from opening it.
   * Throws {@link PortError}: "missing", "denied", "in use", "not a tty" or "failed" ("lost" when it is unplugged just then);
   * RangeError for a speed that is no whole number of 1 to 4 294 967 295 baud.
   */
  static open(path: string, { lock: keepOthersOut = true, ...line }: TtyOptions): TtyPort {
    requireSpeed(line.baudRate);
    const port = new TtyPort(path, openDevice(path), { ...rawLine, ...line });
    try {
      requireTty(port.#fd, path);
      if (keepOthersOut) port.#lock();
      setLine(port.#fd, path, port.#line);
      askForLowLatency(port.#fd);
      port.flush();
    } catch (error) {
      port.close();
      throw error;
    }
    return port;
  }

  get isOpen(): boolean {
    return this.#fd >= 0;
  }

  /** The file descriptor; −1 after {@link close}. */
  get fd(): number {
    return this.#fd;
  }

  /** The speed that the system reports for the line, in baud; where it can report none, the one that was set. */
  get baudRate(): number {
    return reportedSpeed(this.#fd, this.path) ?? this.#line.baudRate;
  }

  /** Lets what was sent leave, for at most a second, and gives the port up. Never throws; a second call does nothing. */
  close(): void {
    const fd = this.#fd;
    if (fd < 0) return;
    // Without the lock, what goes on with the tty is not ours to end.
    if (this.#locked) {
      // The kernel itself would hold close() for up to 30 s while a dead board takes no output.
      try {
        this.drain();
      } catch {
        discardOutput(fd);
      }
      unlock(fd);
    }
    this.#fd = -1;
    libc.close(fd);
  }

  /** Changes the speed, in baud. Throws RangeError for an impossible number, PortError "failed" for one it cannot do. */
  setBaudRate(baudRate: number): void {
    requireSpeed(baudRate);
    const line = { ...this.#line, baudRate };
    setLine(this.#fd, this.path, line);
    this.#line = line;
  }

  /** Throws away what was received but not taken, and what was sent but has not left. */
  flush(): void {
    discardBothWays(this.#fd, this.path);
  }

  /** Waits until everything sent has left. Throws PortError "stuck" at the deadline. */
  drain(deadlineUs: number = nowUs() + DRAIN_LIMIT_US): void {
    while (this.unsentBytes() > 0) {
      const now = nowUs();
      if (now >= deadlineUs) throw stuck(this.path);
      sleepUntilUs(Math.min(now + DRAIN_STEP_US, deadlineUs));
    }
    // The kernel's queue is empty; this waits for the hardware's own.
    this.control(TCSBRK, 1 as Pointer);
  }

  /** Bytes that were sent and have not left the kernel. */
  unsentBytes(): number {
    this.control(TIOCOUTQ, argument.pointer);
    return argumentWord[0]!;
  }

  send(size: number, deadlineUs: number): void {
    let sent = this.put(0, size);
    while (sent < size) {
      const events = this.#wait(POLLOUT, deadlineUs);
      const count = events === 0 ? 0 : this.put(sent, size - sent);
      if (count === 0 && nowUs() >= deadlineUs) {
        // Half a request must not leave some time later, in front of the next one.
        discardOutput(this.#fd);
        throw stuck(this.path);
      }
      sent += count;
    }
  }

  receive(offset: number, deadlineUs: number): number {
    // Waits first: right after a request the reply is never there, and a read that finds nothing costs a system call.
    for (;;) {
      const events = this.#wait(POLLIN, deadlineUs);
      if (events === 0) return 0;
      const count = this.take(offset, IN_SIZE - offset);
      if (count > 0) return count;
      if ((events & POLLHUP) !== 0) throw lost(this.path);
      if (nowUs() >= deadlineUs) return 0;
    }
  }

  discard(): number {
    let total = 0;
    while (total < DISCARD_LIMIT) {
      const count = this.#read(waste.pointer, IN_SIZE);
      if (count === 0) break;
      total += count;
    }
    return total;
  }

  /** Sends of `out[offset…offset + size)` what fits without waiting; returns how many bytes. */
  put(offset: number, size: number): number {
    if (offset < 0 || offset + size > OUT_SIZE) throw new RangeError(`out has ${OUT_SIZE} bytes`);
    for (;;) {
      const count = libc.write(this.#fd, (this.#outAddress + offset) as Pointer, size);
      if (count >= 0) return count;
      const code = errno();
      if (code === Errno.EAGAIN) return 0;
      if (code !== Errno.EINTR) throw this.#failure("writing", code);
    }
  }

  /** Puts up to `size` bytes that are there already at `in[offset…]`, without waiting; returns how many. */
  take(offset: number, size: number): number {
    if (offset < 0 || size < 1 || offset + size > IN_SIZE) throw new RangeError(`in has ${IN_SIZE} bytes`);
    return this.#read((this.#inAddress + offset) as Pointer, size);
  }

  /** ioctl on the port. Throws PortError when the system refuses it. */
  control(request: number, pointer: Pointer | null): void {
    control(this.#fd, this.path, request, pointer);
  }

  #read(pointer: Pointer, size: number): number {
    for (;;) {
      const count = libc.read(this.#fd, pointer, size);
      if (count > 0) return count;
      if (count === 0) throw lost(this.path);
      const code = errno();
      if (code === Errno.EAGAIN) return 0;
      if (code !== Errno.EINTR) throw this.#failure("reading", code);
    }
  }

  /** Waits for an event until the deadline; returns those that are there, 0 at the deadline. */
  #wait(events: number, deadlineUs: number): number {
    // The number that ppoll would wait for may be another file's by now.
    if (this.#fd < 0) throw closed(this.path);
    for (;;) {
      this.#pollWords[1] = events;
      writeTimespec(timeoutWords, deadlineUs - nowUs());
      if (libc.ppoll(this.#poll.pointer, 1, timeout.pointer, null) >= 0) return this.#pollWords[1] >> 16;
      const code = errno();
      if (code !== Errno.EINTR) throw this.#failure("waiting", code);
    }
  }

  #lock(): void {
    lock(this.#fd, this.path);
    this.#locked = true;
  }

  #failure(action: string, code: number): PortError {
    return this.#fd < 0 ? closed(this.path) : failed(this.path, action, code);
  }
}

function requireSpeed(baudRate: number): void {
  if (!Number.isInteger(baudRate) || baudRate < 1 || baudRate > 0xffff_ffff) {
    throw new RangeError(`${baudRate} is not a speed in baud`);
  }
}
