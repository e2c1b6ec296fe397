/** Waiting until a person pulls a USB board or plugs one in. */
import { type Board, listBoards, portsInDev } from "../host/boards.ts";
import { systemPrograms } from "../host/programs.ts";
import { whyNoUdev } from "../host/udev.ts";
import { list } from "../messages/list.ts";
import { watchUnplugged } from "../serial/serial-port.ts";
import { PortError } from "../serial/transport.ts";
import { pause } from "./pause.ts";

/** Why no board is listed, and what to do about it. */
export function sayNoBoard(plugIn: string, programs = systemPrograms): string {
  const why = whyNoUdev(programs);
  if (why === undefined) return `no board is plugged in — ${plugIn}; a cable that only charges will not do`;
  const ports = portsInDev();
  const there =
    ports.length === 0
      ? "and /dev has no USB board's port — give a container its ports, as with docker's --device=/dev/ttyACM0"
      : `/dev has ${list(ports)}`;
  return `boards cannot be listed: ${why}; ${there}`;
}

/** Lists the boards that are plugged in. */
export type ListBoards = () => Promise<readonly Board[]>;

const LOOK_EVERY_MS = 250;

/** What there was when boards were found to be gone. */
export interface Unplugged {
  /** Those that are gone, one at the least. */
  readonly gone: readonly Board[];
  /** All that are there. */
  readonly left: readonly Board[];
}

/** Resolves as soon as one of the boards is gone. Rejects with the signal's reason. */
export async function untilUnplugged(
  boards: readonly Board[],
  signal: AbortSignal,
  list: ListBoards = listBoards,
): Promise<Unplugged> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const waits = boards.map((board) => untilGone(board, either, list));
  try {
    await Promise.race(waits);
  } finally {
    over.abort();
    // The ports of the boards that stay are free when this returns.
    await Promise.allSettled(waits);
  }
  // The port tells it a moment before the list does.
  for (;;) {
    const left = await list();
    const gone = boards.filter((board) => !left.some((one) => isSame(one, board)));
    if (gone.length > 0) return { gone, left };
    await pause(LOOK_EVERY_MS, signal);
  }
}

/** Resolves when a board is gone: its port tells, or, where another program has the port, the list does. */
async function untilGone(board: Board, signal: AbortSignal, list: ListBoards): Promise<void> {
  try {
    await watchUnplugged(board.path, signal);
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    while ((await list()).some((one) => isSame(one, board))) await pause(LOOK_EVERY_MS, signal);
  }
}

/** Resolves with a board once it is plugged in again, which may have another path then. Rejects with the signal's reason. */
export async function untilPluggedIn(
  board: Board,
  left: readonly Board[],
  signal: AbortSignal,
  list: ListBoards = listBoards,
): Promise<Board> {
  const before = new Set(left.map(({ path }) => path));
  for (;;) {
    const boards = await list();
    const back = boards.find(({ path, serial }) => !before.has(path) && serial === board.serial);
    if (back !== undefined) return back;
    await pause(LOOK_EVERY_MS, signal);
  }
}

function isSame(a: Board, b: Board): boolean {
  return a.path === b.path && a.serial === b.serial;
}
