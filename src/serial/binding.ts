/** The serialport binding over our own tty: how ports are opened, and what SerialPortStream runs on. */
import type {
  BindingInterface,
  BindingPortInterface,
  BindingsErrorInterface,
  OpenOptions,
  PortStatus,
  SetOptions,
  UpdateOptions,
} from "@serialport/bindings-interface";
import { nativeBuffer } from "../linux/libc.ts";
import { TtyPort } from "./port.ts";
import { type LineSettings, rawLine } from "./termios.ts";
import { PortError } from "./transport.ts";

// asm-generic/termios.h; the same on x86-64 and arm64.
const TIOCMGET = 0x5415;
const TIOCMSET = 0x5418;
const TIOCSBRK = 0x5427;
const TIOCCBRK = 0x5428;
const TIOCM_DTR = 0x002;
const TIOCM_RTS = 0x004;
const TIOCM_CTS = 0x020;
const TIOCM_CD = 0x040;
const TIOCM_DSR = 0x100;

/**
 * Bun has no call that tells when a tty is readable: its streams take the bytes themselves, ahead of what was asked,
 * and a blocking read in a thread could not be cancelled. So what waits looks again: soon at first, for a reply that is
 * on its way (a round trip takes 1.1 ms), then every 16 ms (0.6 % of a core), within which an unplugged board is
 * noticed too. The control loop never waits here; it uses the synchronous calls.
 */
const FIRST_LOOK_MS = 1;
const LOOK_EVERY_MS = 16;

const modemBits = nativeBuffer(4);
const modemWord = new Int32Array(modemBits.bytes.buffer);

/** An operation that ended because its port was closed. */
class CanceledError extends Error implements BindingsErrorInterface {
  override readonly name = "CanceledError";
  readonly canceled = true;
}

/**
 * Opens ports, as `@serialport/bindings-interface` describes; `list-ports.ts` lists them. Opening rejects with a `PortError`, or with a
 * TypeError when an option is not one that a Linux tty can do.
 */
export const TtyBinding: BindingInterface<TtyBindingPort, OpenOptions> = {
  list: async () => {
    throw new Error("this binding opens ports, and does not list them");
  },

  async open(options) {
    requireObject(options, "options");
    if (typeof options.path !== "string" || options.path === "") {
      throw new TypeError('"path" is not a valid port');
    }
    if (!isSpeed(options.baudRate)) throw new TypeError('"baudRate" is not a valid baudRate');
    const openOptions: Required<OpenOptions> = { ...rawLine, lock: true, ...options };
    const line = lineOf(openOptions);
    return new TtyBindingPort(TtyPort.open(options.path, { ...line, lock: openOptions.lock }), openOptions);
  },
};

/** An open port. `tty` has its synchronous calls. */
export class TtyBindingPort implements BindingPortInterface {
  /** The port itself. Its buffers are this binding's too: use one or the other at a time. */
  readonly tty: TtyPort;
  readonly openOptions: Required<OpenOptions>;

  #writing: Promise<void> | undefined;
  /** Ends the pause of each operation that waits. */
  readonly #pauses = new Set<() => void>();

  constructor(tty: TtyPort, openOptions: Required<OpenOptions>) {
    this.tty = tty;
    this.openOptions = openOptions;
  }

  get isOpen(): boolean {
    return this.tty.isOpen;
  }

  async close(): Promise<void> {
    this.#requireOpen();
    this.tty.close();
    for (const end of this.#pauses) end();
  }

  async read(buffer: Buffer, offset: number, length: number): Promise<{ buffer: Buffer; bytesRead: number }> {
    requireBuffer(buffer);
    requireIndex(offset, "offset");
    requireIndex(length, "length");
    if (length === 0) throw new RangeError('"length" is 0, but a read gives at least one byte');
    if (buffer.length < offset + length) throw new Error("buffer is too small");
    this.#requireOpen();
    const size = Math.min(length, this.tty.in.length);
    const bytesRead = await this.#until(() => this.tty.take(0, size));
    buffer.set(this.tty.in.subarray(0, bytesRead), offset);
    return { buffer, bytesRead };
  }

  async write(buffer: Buffer): Promise<void> {
    requireBuffer(buffer);
    this.#requireOpen();
    if (this.#writing !== undefined) {
      throw new Error("Overlapping writes are not supported and should be queued by the serialport object");
    }
    this.#writing = this.#writeAll(buffer).finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async update(options: UpdateOptions): Promise<void> {
    requireObject(options, "options");
    if (typeof options.baudRate !== "number") throw new TypeError('"options.baudRate" is not a number');
    this.#requireOpen();
    this.tty.setBaudRate(options.baudRate);
  }

  /** Sets DTR, RTS and break. CTS and DSR are inputs: a Linux tty cannot set them, and takes no notice. */
  async set(options: SetOptions): Promise<void> {
    requireObject(options, "options");
    this.#requireOpen();
    const { brk = false, dtr = true, rts = true } = options;
    const others = this.#modemLines() & ~(TIOCM_DTR | TIOCM_RTS);
    modemWord[0] = others | (dtr ? TIOCM_DTR : 0) | (rts ? TIOCM_RTS : 0);
    this.tty.control(TIOCMSET, modemBits.pointer);
    this.tty.control(brk ? TIOCSBRK : TIOCCBRK, null);
  }

  async get(): Promise<PortStatus> {
    this.#requireOpen();
    const lines = this.#modemLines();
    return {
      cts: (lines & TIOCM_CTS) !== 0,
      dsr: (lines & TIOCM_DSR) !== 0,
      dcd: (lines & TIOCM_CD) !== 0,
    };
  }

  async getBaudRate(): Promise<{ baudRate: number }> {
    this.#requireOpen();
    return { baudRate: this.tty.baudRate };
  }

  async flush(): Promise<void> {
    this.#requireOpen();
    this.tty.flush();
  }

  async drain(): Promise<void> {
    this.#requireOpen();
    await this.#writing;
    await this.#until(() => this.tty.unsentBytes() === 0);
    this.tty.drain();
  }

  async #writeAll(buffer: Buffer): Promise<void> {
    const { out } = this.tty;
    for (let written = 0; written < buffer.length; ) {
      const size = Math.min(buffer.length - written, out.length);
      written += await this.#until(() => {
        buffer.copy(out, 0, written, written + size);
        return this.tty.put(0, size);
      });
    }
  }

  /** Tries until something comes of it: each time after a turn of the event loop, so that close() can come between. */
  async #until<Result extends number | boolean>(attempt: () => Result): Promise<Result> {
    for (let pauseMs = 0; ; pauseMs = Math.min(Math.max(2 * pauseMs, FIRST_LOOK_MS), LOOK_EVERY_MS)) {
      await this.#pause(pauseMs);
      if (!this.isOpen) throw new CanceledError("Port is closed");
      const result = attempt();
      if (result) return result;
    }
  }

  #pause(ms: number): Promise<void> {
    if (ms === 0) return new Promise((resolve) => setImmediate(resolve));
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#pauses.delete(end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.#pauses.add(end);
    });
  }

  #modemLines(): number {
    try {
      this.tty.control(TIOCMGET, modemBits.pointer);
    } catch (cause) {
      if (!(cause instanceof PortError) || cause.trouble !== "failed") throw cause;
      throw new PortError("failed", this.tty.path, `${this.tty.path} has no control lines`, { cause });
    }
    return modemWord[0]!;
  }

  #requireOpen(): void {
    if (!this.isOpen) throw new Error("Port is not open");
  }
}

/** Takes the line's settings out of options that anybody may have written. Throws TypeError. */
function lineOf(options: Required<OpenOptions>): LineSettings {
  const { baudRate, dataBits, stopBits, parity } = options;
  if (![5, 6, 7, 8].includes(dataBits))
    throw new TypeError(`"dataBits" must be 5, 6, 7 or 8, not ${dataBits}`);
  if (stopBits !== 1 && stopBits !== 2)
    throw new TypeError(`"stopBits" must be 1 or 2 on Linux, not ${stopBits}`);
  if (parity !== "none" && parity !== "even" && parity !== "odd") {
    throw new TypeError(`"parity" must be "none", "even" or "odd", not ${JSON.stringify(parity)}`);
  }
  for (const name of ["lock", "rtscts", "xon", "xoff", "xany", "hupcl"] as const) {
    if (typeof options[name] !== "boolean") throw new TypeError(`"${name}" must be true or false`);
  }
  const { vmin = 1, vtime = 0 } = options as { vmin?: unknown; vtime?: unknown };
  if (vmin !== 1 || vtime !== 0) {
    throw new TypeError('"vmin" must be 1 and "vtime" 0: a read of no bytes is how a lost port is told');
  }
  const { rtscts, xon, xoff, xany, hupcl } = options;
  return { baudRate, dataBits, stopBits, parity, rtscts, xon, xoff, xany, hupcl };
}

function isSpeed(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= 0xffff_ffff;
}

function requireObject(value: unknown, name: string): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`"${name}" is not an object`);
  }
}

function requireBuffer(value: unknown): void {
  if (!Buffer.isBuffer(value)) throw new TypeError('"buffer" is not a Buffer');
}

function requireIndex(value: unknown, name: string): void {
  if (!Number.isInteger(value) || (value as number) < 0) {
    throw new TypeError(`"${name}" is not an integer of 0 or more, but ${String(value)}`);
  }
}
