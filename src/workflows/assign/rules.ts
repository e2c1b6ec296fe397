/** The rules file of this machine's boards: what it will say, beside the rules that others have written. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type BoardMark,
  type NamedBoard,
  type NamingRule,
  RULES_DIR,
  RULES_FILE,
  rulesText,
} from "../../host/naming-rules.ts";
import { replaceFile } from "../../linux/files.ts";

/** What is to be written, and what need not be. */
export interface RulesPlan {
  readonly path: string;
  readonly text: string;
  /** Rules by somebody else that name the same boards so already. */
  readonly honoured: readonly NamingRule[];
}

/**
 * The rules file with these boards named, all others in it as they were. Throws an Error when one of the boards has
 * another name already, or another rule claims one of the names for another board.
 */
export function planRules(
  named: readonly NamedBoard[],
  present: readonly NamingRule[],
  dir: string = RULES_DIR,
): RulesPlan {
  const path = join(dir, RULES_FILE);
  const ours = present.filter(({ file }) => file === path);
  const others = present.filter(({ file }) => file !== path);
  const honoured: NamingRule[] = [];
  const fresh = named.filter((board) => {
    const rule = others.find(({ link }) => link === board.link);
    if (rule === undefined) return true;
    if (rule.mark === undefined || !isSameBoard(rule.mark, board.mark)) {
      const of = rule.mark === undefined ? "something else" : `the board with ${describe(rule.mark)}`;
      throw new Error(
        `${rule.file} (line ${rule.line}) gives the name ${board.link} to ${of} — take that line out, then run this again`,
      );
    }
    honoured.push(rule);
    return false;
  });
  const links = new Set(named.map(({ link }) => link));
  const kept = ours.flatMap(({ link, mark }) =>
    links.has(link) || mark === undefined ? [] : [{ link, mark }],
  );
  for (const { link, mark } of named) {
    const taken = kept.find((one) => isSameBoard(one.mark, mark));
    if (taken === undefined) continue;
    throw new Error(
      `the board with ${describe(mark)} is ${taken.link} already, and cannot be ${link} too — assign that pair other ` +
        `boards first, or take its line out of ${path}`,
    );
  }
  return { path, text: rulesText([...kept, ...fresh]), honoured };
}

/** Writes the file, unless it says so already; false then. Throws an Error that says why it cannot be written. */
export function writeRules({ path, text }: RulesPlan): boolean {
  try {
    if (existsSync(path) && readFileSync(path, "utf8") === text) return false;
    replaceFile(path, text, 0o644);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === "ENOENT"
        ? "there is no such folder: is udev installed?"
        : code === "EROFS"
          ? "the file system is read-only"
          : (error as Error).message;
    throw new Error(`${path} could not be written (${why}); nothing was changed`);
  }
}

function isSameBoard(a: BoardMark, b: BoardMark): boolean {
  if (a.by === "serial" && b.by === "serial") return a.serial === b.serial;
  return a.by === "socket" && b.by === "socket" && a.socket === b.socket;
}

function describe(mark: BoardMark): string {
  return mark.by === "serial" ? `serial ${mark.serial}` : `the USB socket ${mark.socket}`;
}
