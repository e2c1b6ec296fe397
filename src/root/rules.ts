/** The rules file of this machine's boards: what it will say, beside the rules that others have written. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type BoardMark, describeMark, isMarked, isWritableMark } from "../host/board-mark.ts";
import { replaceNamedFile } from "../host/invoker.ts";
import {
  isLink,
  type NamedBoard,
  type NamingRule,
  RULES_DIR,
  RULES_FILE,
  rulesText,
} from "../host/naming-rules.ts";
import type { DeviceFacts } from "../host/udev.ts";
import { UnsyncedError } from "../linux/files.ts";
import { whyOf } from "../linux/system-error.ts";

/** What is to be written, and what need not be. */
export interface RulesPlan {
  readonly path: string;
  readonly text: string;
  /** Rules by somebody else that name the same boards so already. */
  readonly honoured: readonly NamingRule[];
}

/**
 * The rules file with these boards named, all others in it as they were. A rule of somebody else's that gives one of the
 * boards its name by whatever mark, as far as the board's facts tell, stays. `factsOf` has the facts of the board that
 * is to have a link, where it is plugged in. Throws an Error when one of the boards has
 * another name already, or another rule claims one of the names for another board.
 */
export function planRules(
  named: readonly NamedBoard[],
  present: readonly NamingRule[],
  dir: string = RULES_DIR,
  factsOf: (link: string) => DeviceFacts | undefined = () => undefined,
): RulesPlan {
  const path = join(dir, RULES_FILE);
  const ours = present.filter(({ file }) => file === path);
  const others = present.filter(({ file }) => file !== path);
  const honoured: NamingRule[] = [];
  const fresh = named.filter((board) => {
    const rule = others.find(({ link }) => link === board.link);
    if (rule === undefined) return true;
    const facts = factsOf(board.link);
    const isSame =
      rule.mark !== undefined &&
      (isSameBoard(rule.mark, board.mark) || (facts !== undefined && isMarked(facts, rule.mark)));
    if (!isSame) {
      const of = rule.mark === undefined ? "something else" : describeMark(rule.mark);
      throw new Error(
        `${rule.file} (line ${rule.line}) gives the name ${board.link} to ${of} — take that line out, then run this again`,
      );
    }
    honoured.push(rule);
    return false;
  });
  const links = new Set(named.map(({ link }) => link));
  const kept = ours.flatMap(({ link, mark, line }) => {
    if (links.has(link) || mark === undefined) return [];
    if (isWritableMark(mark) && isLink(link)) return [{ link, mark }];
    throw new Error(
      `${path} (line ${line}) knows a board by what this program does not write — take that line out, then run this again`,
    );
  });
  for (const { link, mark } of named) {
    const taken = kept.find((one) => isSameBoard(one.mark, mark));
    if (taken === undefined) continue;
    throw new Error(
      `${describeMark(mark)} is ${taken.link} already, and cannot be ${link} too — assign that pair other ` +
        `boards first, or take its line out of ${path}`,
    );
  }
  return { path, text: rulesText([...kept, ...fresh]), honoured };
}

/** Writes the file, unless it says so already; false then. Throws an Error that says why it cannot be written. */
export async function writeRules({ path, text }: RulesPlan): Promise<boolean> {
  try {
    if (existsSync(path) && readFileSync(path, "utf8") === text) return false;
    await replaceNamedFile(path, text, 0o644);
    return true;
  } catch (error) {
    if (error instanceof UnsyncedError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "there is no such folder: is udev installed?" : whyOf(error);
    throw new Error(`${path} could not be written (${why}); nothing was changed`);
  }
}

function isSameBoard(a: BoardMark, b: BoardMark): boolean {
  if (a.by === "serial" && b.by === "serial") return a.serial === b.serial;
  return Bun.deepEquals(a, b);
}
