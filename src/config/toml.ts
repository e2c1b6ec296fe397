/** TOML as a configuration has it, with the line of what is wrong: found in a time that grows no faster than the text. */
import { visible } from "../linux/text/visible.ts";
import { ConfigError } from "./file.ts";

/** More keys and sections than any configuration has: the parser is slow where there are many. */
const MOST_STATEMENTS = 1_000;
/** More characters than any key's value takes; likewise. */
const LONGEST_STATEMENT = 8_192;
/** The parser repeats what it has read. */
const LONGEST_REASON = 200;

/** A key with its value, the head of a section, or a comment on a line of its own. */
interface Statement {
  /** The line on which it begins. */
  readonly line: number;
  readonly text: string;
  /** Where it ends in the whole text. */
  readonly end: number;
  /** How long it is without comments. */
  readonly length: number;
}

/** A TOML text's content; `path` is for messages. Throws {@link ConfigError} that names the line. */
export function parseToml(text: string, path: string): unknown {
  const statements = statementsOf(text);
  const error = (line: number, why: string) => new ConfigError(`${path}: line ${line}: ${why}`);
  const long = statements.find(({ length }) => length > LONGEST_STATEMENT);
  if (long !== undefined) {
    throw error(
      long.line,
      `what begins here has ${long.length} characters, too many for a configuration — where does it end?`,
    );
  }
  if (statements.filter(({ length }) => length > 0).length > MOST_STATEMENTS) {
    const wrong = firstWrong(statements);
    if (wrong !== undefined) throw error(wrong.line, whyNot(wrong.text)!);
    throw new ConfigError(`${path}: there are more keys and sections than a configuration can have`);
  }
  const why = whyNot(text);
  if (why !== undefined) throw error(lineOfError(text, statements), why);
  return Bun.TOML.parse(text);
}

/** Why a text is no TOML; undefined when it is. */
function whyNot(text: string): string | undefined {
  try {
    Bun.TOML.parse(text);
    return undefined;
  } catch (error) {
    const why = visible((error as Error).message.replace(/^TOML Parse error: /, ""));
    return why.length > LONGEST_REASON ? `${why.slice(0, LONGEST_REASON)}…` : why;
  }
}

/** The first statement that is wrong by itself; its line's end belongs to it. */
function firstWrong(statements: readonly Statement[]): Statement | undefined {
  return statements.find(({ text }) => whyNot(`${text}\n`) !== undefined);
}

/**
 * The line on which a text that is no TOML goes wrong, which Bun's error does not carry: that of the first statement
 * that is wrong by itself, else of the first that does not go with those before it.
 */
function lineOfError(text: string, statements: readonly Statement[]): number {
  const wrong = firstWrong(statements);
  if (wrong !== undefined) return wrong.line;
  let good = 0;
  let bad = statements.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (whyNot(`${text.slice(0, statements[middle - 1]!.end)}\n`) === undefined) good = middle;
    else bad = middle;
  }
  return statements[bad - 1]?.line ?? 1;
}

/** What a statement's end is told by: texts, comments, brackets, lines. */
const TOKEN = /"""|'''|"(?:\\.|[^"\\\n])*"?|'[^'\n]*'?|#[^\n]*|[[\]{}\n]/g;

/** What a text is made of, in its order. Brackets or quotes that are not closed make one statement of all that follows. */
function statementsOf(text: string): Statement[] {
  const statements: Statement[] = [];
  let line = 1;
  let from = 0;
  let depth = 0;
  let comments = 0;
  const endAt = (end: number) => {
    const statement = text.slice(from, end);
    if (statement.trim() !== "") {
      statements.push({ line, text: statement, end, length: statement.trim().length - comments });
    }
    line += lineEndsIn(statement) + 1;
    from = end + 1;
    depth = 0;
    comments = 0;
  };
  const token = new RegExp(TOKEN);
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    const [what] = found;
    if (what === '"""' || what === "'''") token.lastIndex = endOfLongText(text, what, token.lastIndex);
    else if (what.startsWith("#")) comments += what.trimEnd().length;
    else if (what === "[" || what === "{") depth++;
    else if (what === "]" || what === "}") depth--;
    // The head of a section ends with its line, closed or not.
    else if (what === "\n" && (depth <= 0 || /^\s*\[/.test(text.slice(from, from + 80)))) endAt(found.index);
  }
  if (from < text.length) endAt(text.length);
  return statements;
}

/** Behind the quotes that end a text of several lines, or the whole text's end. */
function endOfLongText(text: string, quotes: string, from: number): number {
  for (let at = text.indexOf(quotes, from); at !== -1; at = text.indexOf(quotes, at + 1)) {
    const [escapes = ""] = /\\*$/.exec(text.slice(Math.max(from, at - 80), at)) ?? [];
    if (quotes === "'''" || escapes.length % 2 === 0) {
      // The text itself may end with two more.
      const [end] = /^["']{3,5}/.exec(text.slice(at, at + 5))!;
      return at + end.length;
    }
  }
  return text.length;
}

function lineEndsIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) count++;
  return count;
}
