/** What a bus needs of a serial port, and how a port fails. */
import type { Owner } from "../linux/owners/program.ts";

/** Bytes out and in, synchronously, each call bounded by a deadline. */
export interface Transport {
  /** {@link send} sends from the start of this buffer. */
  readonly out: Uint8Array;
  /** {@link receive} puts bytes into this buffer. */
  readonly in: Uint8Array;
  /** Sends `out[0…size)`. Throws {@link PortError} when the port is lost or the deadline (of `nowUs`) passes. */
  send(size: number, deadlineUs: number): void;
  /**
   * Waits for bytes until the deadline and puts those that are there at `in[offset…]`.
   * Returns how many, 0 at the deadline. Throws {@link PortError} when the port is lost.
   */
  receive(offset: number, deadlineUs: number): number;
  /** Throws away what has come and was not received; returns how many bytes. Does not wait. */
  discard(): number;
}

/** What is wrong with a port, as far as somebody who acts on it must tell it apart. */
export type PortTrouble =
  /** There is no such file: the board is not plugged in. */
  | "missing"
  /** The board went away while it was open. */
  | "lost"
  /** The user may not open it. */
  | "denied"
  /** Another program has it. */
  | "in use"
  /** The path leads to something that is not a serial port. */
  | "not a tty"
  /** It took no more output before the deadline. What was left was thrown away. */
  | "stuck"
  /** It was closed, or never opened. */
  | "closed"
  /** Anything else that the system said; the message has it. */
  | "failed";

/** What else is known of a port's trouble. */
export interface PortErrorDetails extends ErrorOptions {
  /** The program that has the port, where it is in use and that could be seen. */
  readonly owner?: Owner | undefined;
  /** The name of what the system said: EACCES. */
  readonly errno?: string | undefined;
}

/** A serial port that could not be opened or went away. The message is the fact, beginning with the path. */
export class PortError extends Error {
  override readonly name = "PortError";
  readonly trouble: PortTrouble;
  readonly path: string;
  readonly owner: Owner | undefined;
  readonly errno: string | undefined;
  /** serialport's sign that a port closed because its device went away. */
  readonly disconnected: boolean;

  constructor(trouble: PortTrouble, path: string, message: string, details: PortErrorDetails = {}) {
    super(message, details);
    this.trouble = trouble;
    this.path = path;
    this.owner = details.owner;
    this.errno = details.errno;
    this.disconnected = trouble === "lost";
  }
}
