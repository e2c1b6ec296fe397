/** By what a board is to be known: its own serial number, or where that tells it from no other, the USB socket it is in. */
import { type BoardMark, isPlainValue, isWritableMark } from "../host/board-mark.ts";
import type { Board } from "../host/boards.ts";
import { usbSocketOf } from "../host/udev.ts";
import { visible } from "../linux/text/visible.ts";

/** A board that is to have a name. It may not be there, where only rules are to be printed for it. */
export interface BoardToName extends Partial<Board> {
  /** Another board here says that it has the same serial number. */
  readonly isTwin: boolean;
}

/** A mark, and where it is none that goes with the board, why. */
export interface MarkFor {
  readonly mark: BoardMark;
  /** Why the board is not known by its serial number: `has no serial number`. */
  readonly doubt?: string;
}

/** The mark of the board of `arm`, `leader` or `left leader`. Throws an Error for a board that no rule can tell. */
export async function markFor(arm: string, board: BoardToName): Promise<MarkFor> {
  const { serial, vendorId, productId } = board;
  const doubt = whyBySocket(board);
  if (doubt === undefined) {
    // What a board says of its kind need not be numbers either.
    const kind = Object.fromEntries(
      Object.entries({ vendorId, productId }).filter(([, id]) => id !== undefined && isPlainValue(id)),
    );
    return { mark: { by: "serial", serial: serial!, ...kind } };
  }
  const socket = board.path === undefined ? undefined : await usbSocketOf(board.path);
  if (socket === undefined) {
    throw new Error(
      `the ${arm}'s board ${doubt}, and udev does not know its USB socket: use a board with a serial number`,
    );
  }
  const mark = { by: "socket", socket } as const;
  if (!isWritableMark(mark)) {
    throw new Error(
      `the ${arm}'s board ${doubt}, and udev calls its USB socket ${visible(JSON.stringify(socket))}, of which no rule can ` +
        "be made: use a board with a serial number",
    );
  }
  return { mark, doubt };
}

/** Why a board is known by its USB socket, as what is said of it: `has no serial number`; undefined where it is not. */
export function whyBySocket({ serial, isTwin }: BoardToName): string | undefined {
  if (serial === undefined) return "has no serial number";
  if (isTwin) return `has the serial number ${serial}, as another board here`;
  if (isPlainValue(serial)) return undefined;
  return `has the serial number ${JSON.stringify(serial)}, which udev cannot tell from others`;
}
