/** The names that boards have, and which boards those are. */
import { listBoards } from "../../host/boards.ts";
import { type BoardMark, namingRules } from "../../host/naming-rules.ts";

/** A name of a board in /dev, and the rule that gives it. */
export interface BoardName {
  readonly link: string;
  readonly file: string;
  readonly line: number;
  readonly mark: BoardMark;
  /** The port of the board with that serial number; undefined when it is not plugged in. */
  readonly path: string | undefined;
}

/** All names that rules of this machine give to boards which can be told. */
export async function boardNames(): Promise<BoardName[]> {
  const boards = await listBoards();
  return namingRules().flatMap(({ link, file, line, mark }) => {
    if (mark === undefined) return [];
    const board = boards.find(({ serial }) => mark.by === "serial" && serial === mark.serial);
    return { link, file, line, mark, path: board?.path };
  });
}
