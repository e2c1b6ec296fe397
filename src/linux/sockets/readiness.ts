/** Descriptors that are waited for together, through one: epoll(7). What comes on them stays to be taken. */
import { errno, libc, nativeBuffer } from "../libc.ts";
import { systemError } from "../system-error.ts";

// sys/epoll.h, sys/eventfd.h; the same on x86-64 and arm64.
const EPOLL_CLOEXEC = 0o2000000;
const EPOLL_CTL_ADD = 1;
const EPOLLIN = 0x1;
const EFD_CLOEXEC = 0o2000000;
/** struct epoll_event: events, and 8 bytes of the owner's; packed on x86-64 only, where nothing stands beyond byte 12. */
const event = nativeBuffer(16);
const eventWords = new Uint32Array(event.bytes.buffer);

/** A set of descriptors. A descriptor that is closed leaves it by itself. */
export class ReadySet {
  /** Readable while any of the set is. */
  readonly fd: number;
  #ready: number | undefined;

  /** Throws the system's error. */
  constructor() {
    this.fd = libc.epoll_create1(EPOLL_CLOEXEC);
    if (this.fd === -1) throw systemError(errno(), "epoll_create1", "");
  }

  /** Has a descriptor waited for. Throws the system's error. */
  add(fd: number): void {
    eventWords[0] = EPOLLIN;
    if (libc.epoll_ctl(this.fd, EPOLL_CTL_ADD, fd, event.pointer) !== 0)
      throw systemError(errno(), "epoll_ctl", "");
  }

  /** From now on it is readable whatever comes: who waits for it goes on. Throws the system's error. */
  wake(): void {
    this.#ready ??= libc.eventfd(1, EFD_CLOEXEC);
    this.add(this.#ready);
  }

  /** Nobody may wait any more. */
  close(): void {
    if (this.#ready !== undefined) libc.close(this.#ready);
    libc.close(this.fd);
  }
}
