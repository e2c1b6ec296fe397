/** Hearing that somebody opens a file: inotify(7), which Bun's own watching of files does not give whole. */
import { cString, libc, nativeBuffer } from "./libc.ts";

// linux/inotify.h, asm-generic/fcntl.h: the same on x86-64 and arm64.
const IN_OPEN = 0x20;
const IN_NONBLOCK = 0o4000;
const IN_CLOEXEC = 0o2000000;

/** Room for some 250 events of a file, which has no name in them. What is left over is read the next time. */
const EVENTS_SIZE = 4096;

/** Hears of each opening of one file, by its inode: a device that is plugged in again is another one. */
export class OpenWatch {
  readonly #events = nativeBuffer(EVENTS_SIZE);
  #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** Watches the file at a path, which may be a link to it; undefined where that cannot be. Never throws. */
  static of(path: string): OpenWatch | undefined {
    const fd = libc.inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd === -1) return undefined;
    if (libc.inotify_add_watch(fd, cString(path), IN_OPEN) !== -1) return new OpenWatch(fd);
    libc.close(fd);
    return undefined;
  }

  /** Whether anything happened to the file since the last call: it was opened, or has gone. Does not wait. */
  takeNews(): boolean {
    let any = false;
    while (libc.read(this.#fd, this.#events.pointer, EVENTS_SIZE) > 0) any = true;
    return any;
  }

  /** Ends the watch; a second call does nothing. */
  close(): void {
    if (this.#fd >= 0) libc.close(this.#fd);
    this.#fd = -1;
  }
}
