/** A pseudo-terminal whose slave is a serial port to the program under test, and whose master is the board. */
import { chmodSync, chownSync, statSync } from "node:fs";
import { cString, Errno, errno, libc, nameOfErrno, nativeBuffer } from "../linux/libc.ts";

// asm-generic/fcntl.h, asm-generic/ioctls.h: the same on x86-64 and arm64.
const O_RDWR = 0x2;
const O_NOCTTY = 0x100;
const O_NONBLOCK = 0x800;
const O_CLOEXEC = 0x80000;
const TIOCNXCL = 0x540d;
const TIOCGEXCL = 0x80045440;
const TIOCGPTN = 0x80045430;
const TIOCSPTLCK = 0x40045431;
const TCGETS2 = 0x802c542a;
const TCSETS2 = 0x402c542b;
// asm-generic/poll.h
const POLLHUP = 0x10;

// struct termios2: four flag words, c_line, c_cc[19], then the two speeds as numbers.
const TERMIOS2_SIZE = 44;
const CFLAG = 2;
const OSPEED = 10;
const RAW_8N1 = 0x30 | 0x80 | 0x800; // CS8 | CREAD | CLOCAL
const BOTHER = 0x1000;
const VMIN_AT = 17 + 6;

/** A pseudo-terminal of which this process holds the master. Its slave is not held open here. */
export class Pty {
  /** The master: what the program under test writes is read here. Non-blocking. */
  readonly fd: number;
  /** `/dev/pts/N`, the slave: what the program under test opens. Raw from the start. */
  readonly path: string;

  readonly #termios = nativeBuffer(TERMIOS2_SIZE);
  readonly #termiosWords = new Uint32Array(this.#termios.bytes.buffer);

  /** Makes a new pseudo-terminal. Throws when the system has none left. */
  constructor() {
    const path = new TextEncoder().encode("/dev/ptmx\0");
    this.fd = libc.open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (this.fd === -1) throw new Error(`no pseudo-terminal: ${nameOfErrno(errno())}`);
    const number = nativeBuffer(4);
    this.#ioctl(TIOCSPTLCK, number.pointer); // unlocks: the number is still 0
    this.#ioctl(TIOCGPTN, number.pointer);
    this.path = `/dev/pts/${new Uint32Array(number.bytes.buffer)[0]}`;
    this.#makeRaw();
  }

  /** The baud rate that the slave is set to. */
  get baud(): number {
    return libc.ioctl(this.fd, TCGETS2, this.#termios.pointer) === 0 ? this.#termiosWords[OSPEED]! : 0;
  }

  /** Reads what the slave's program wrote into `buffer`; returns how many bytes, 0 when there is nothing. */
  read(buffer: Parameters<typeof libc.read>[1], size: number): number {
    return Math.max(libc.read(this.fd, buffer, size), 0);
  }

  /** Writes bytes for the slave's program to read; returns how many the kernel took. */
  write(buffer: Parameters<typeof libc.write>[1], size: number): number {
    return Math.max(libc.write(this.fd, buffer, size), 0);
  }

  /**
   * Forgets that a program which is gone had the slave to itself (TIOCEXCL), as a board's tty does when nobody has it
   * open any more: a pseudo-terminal keeps that until its master is closed, and a program that was killed has not taken
   * it back. False when this process may not: who is not root cannot open such a slave either, and {@link successor}
   * is the way out. While somebody has the slave open, nothing is done.
   */
  endExclusive(): boolean {
    // First whether it turns others away, then whether nobody has it open: who opens it in between is not disturbed.
    if (!this.#turnsAway() || !this.#isHungUp()) return true;
    const slave = this.#openSlave();
    if (slave === -1) return false;
    libc.ioctl(slave, TIOCNXCL, null);
    libc.close(slave);
    return true;
  }

  /** A new pseudo-terminal whose slave may be opened by those who may open this one's. This one is to be closed. */
  successor(): Pty {
    const { mode, uid, gid } = statSync(this.path);
    const pty = new Pty();
    if (process.geteuid?.() === 0) chownSync(pty.path, uid, gid);
    chmodSync(pty.path, mode & 0o777);
    return pty;
  }

  /** Takes the pseudo-terminal away: to a program that has it open, the board was pulled. */
  close(): void {
    libc.close(this.fd);
  }

  /** On Linux the master's ioctl acts on the slave's settings, and they last as long as the master does. */
  #makeRaw(): void {
    this.#ioctl(TCGETS2, this.#termios.pointer);
    this.#termiosWords.fill(0, 0, 4);
    this.#termiosWords[CFLAG] = RAW_8N1 | BOTHER;
    this.#termiosWords[OSPEED] = 1_000_000;
    this.#termiosWords[OSPEED - 1] = 1_000_000;
    this.#termios.bytes[VMIN_AT] = 1;
    this.#termios.bytes[VMIN_AT - 1] = 0; // VTIME
    this.#ioctl(TCSETS2, this.#termios.pointer);
  }

  #openSlave(): number {
    return libc.open(cString(this.path), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  }

  /** Whether a program that is not root's would find the slave in exclusive use. */
  #turnsAway(): boolean {
    const slave = this.#openSlave();
    if (slave === -1) return errno() === Errno.EBUSY;
    const isExclusive = nativeBuffer(4);
    libc.ioctl(slave, TIOCGEXCL, isExclusive.pointer);
    libc.close(slave);
    return isExclusive.bytes[0] !== 0;
  }

  /** Whether the slave was open and nobody has it open now. */
  #isHungUp(): boolean {
    const poll = nativeBuffer(8);
    const words = new Int32Array(poll.bytes.buffer);
    words[0] = this.fd;
    libc.ppoll(poll.pointer, 1, nativeBuffer(16).pointer, null);
    return ((words[1]! >> 16) & POLLHUP) !== 0;
  }

  #ioctl(request: number, argument: Parameters<typeof libc.ioctl>[2]): void {
    let result = libc.ioctl(this.fd, request, argument);
    while (result === -1 && errno() === Errno.EINTR) result = libc.ioctl(this.fd, request, argument);
    if (result === -1) throw new Error(`setting up a pseudo-terminal: ${nameOfErrno(errno())}`);
  }
}
