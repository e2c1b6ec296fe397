/** The USB boards of this machine, as the page's server sees them: all that are plugged in, named or not. */
import { lstatSync } from "node:fs";
import { type Board, listBoards, portsInDev } from "../host/boards.ts";

/** Where boards come from: the machine's sockets, or a simulation's. */
export interface Boards {
  /** Those that are plugged in now. Never rejects. */
  list(): Promise<readonly Board[]>;
  /** Calls `changed` each time when one has come or gone, until `signal` ends it. */
  watch(changed: () => void, signal: AbortSignal): void;
}

/** A person who pulls a board and plugs it in again takes longer. */
const LOOK_EVERY_MS = 100;

/** The boards in this machine's own sockets. */
export const machineBoards: Boards = {
  list: () => listBoards(),
  watch: watching(inDev, LOOK_EVERY_MS),
};

/** Watches by looking `everyMs` at what tells one set of boards from another. */
export function watching(look: () => string, everyMs: number): Boards["watch"] {
  return (changed, signal) => {
    if (signal.aborted) return;
    let before = look();
    const timer = setInterval(() => {
      const now = look();
      if (now === before) return;
      before = now;
      changed();
    }, everyMs);
    signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  };
}

/** What tells one set of boards from another: a board that is plugged in again within a look has another file in /dev. */
function inDev(): string {
  return portsInDev()
    .map((path) => {
      const { ino, ctimeMs } = lstatSync(path, { throwIfNoEntry: false }) ?? { ino: 0, ctimeMs: 0 };
      return `${path} ${ino} ${ctimeMs}`;
    })
    .join("\n");
}
