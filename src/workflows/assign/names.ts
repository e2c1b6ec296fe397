/** The names that boards have, and which boards those are. */

import { type BoardMark, isMarked } from "../../host/board-mark.ts";
import { listBoards } from "../../host/boards.ts";
import { namingRules } from "../../host/naming-rules.ts";
import { systemPrograms } from "../../host/programs.ts";
import { factsOf } from "../../host/udev.ts";

/** A name of a board in /dev, and the rule that gives it. */
export interface BoardName {
  readonly link: string;
  readonly file: string;
  readonly line: number;
  readonly mark: BoardMark;
  /** The port of the board that has the mark; undefined when none has. */
  readonly path: string | undefined;
}

/** All names that rules of this machine give to boards which can be told. */
export async function boardNames(dirs?: readonly string[], programs = systemPrograms): Promise<BoardName[]> {
  const boards = await Promise.all(
    (await listBoards(programs)).map(async (board) => ({
      ...board,
      facts: await factsOf(board.path, programs),
    })),
  );
  return namingRules(dirs).flatMap(({ link, file, line, mark }) => {
    if (mark === undefined) return [];
    const board = boards.find(({ serial, facts }) =>
      mark.by === "serial" && serial === mark.serial ? true : isMarked(facts, mark),
    );
    return { link, file, line, mark, path: board?.path };
  });
}
