/** Files that a person picks on his phone or drops on the page, for the workflow that waits for one. */
import type { Role } from "../../arm/joints.ts";

/** A file: what it is called, and what is in it. */
export interface HandedFile {
  readonly path: string;
  readonly bytes: Buffer;
}

/** Where they are handed over. */
export class HandedFiles {
  #awaited: { readonly role: Role; take(file: HandedFile): void } | undefined;

  /** Whose file is waited for; undefined while none is. */
  get awaited(): Role | undefined {
    return this.#awaited?.role;
  }

  /** Waits for an arm's file. Rejects with the signal's reason. */
  next(role: Role, signal: AbortSignal): Promise<HandedFile> {
    const { promise, resolve, reject } = Promise.withResolvers<HandedFile>();
    const end = () => reject(signal.reason);
    this.#awaited = { role, take: resolve };
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
    return promise.finally(() => {
      signal.removeEventListener("abort", end);
      this.#awaited = undefined;
    });
  }

  /** Hands one over; false when no file of this arm is waited for. */
  hand(role: Role, file: HandedFile): boolean {
    if (this.#awaited?.role !== role) return false;
    this.#awaited.take(file);
    return true;
  }
}
