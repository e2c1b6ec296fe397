/** udev rules that name the boards of arms: those that are written here, and those that somebody wrote by hand. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { visible } from "../linux/text/visible.ts";
import { type BoardMark, conditionsOf, markOf } from "./board-mark.ts";

/** The rules of this machine's boards. */
export const RULES_DIR = "/etc/udev/rules.d";
/** The file that `so101 assign` keeps in it. */
export const RULES_FILE = "98-so101-arms.rules";

/** The folders that udev reads, the strongest first: a file hides those of its name in the ones after it. */
const UDEV_DIRS = [RULES_DIR, "/run/udev/rules.d", "/usr/local/lib/udev/rules.d", "/usr/lib/udev/rules.d"];

/** A board that has a name. */
export interface NamedBoard {
  /** Its link, `/dev/ttyUSB_leader_arm`. */
  readonly link: string;
  readonly mark: BoardMark;
}

/** A rule that makes a link, wherever it was found. */
export interface NamingRule {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly link: string;
  /** Undefined when the rule knows the board by something else. */
  readonly mark: BoardMark | undefined;
}

const HEAD = `# The boards of this machine's SO-101 arms, by "so101 assign": run that again instead of editing this.
`;

/** The rules file that names these boards. Throws an Error for a board or a name that no rule can be made of. */
export function rulesText(boards: readonly NamedBoard[]): string {
  return HEAD + boards.map((board) => `${ruleOf(board)}\n`).join("");
}

function ruleOf({ link, mark }: NamedBoard): string {
  if (!isLink(link)) throw new Error(`no rule can give the name ${visible(link)}`);
  return ['SUBSYSTEM=="tty"', ...conditionsOf(mark), `SYMLINK+="${link.replace(/^\/dev\//, "")}"`].join(", ");
}

/**
 * Whether a path is one link in /dev to udev, whatever stands in it: blanks would part two of them, `$` and `%` be
 * substituted, quotes end the text, and two dots lead out of /dev.
 */
export function isLink(path: string): boolean {
  return /^\/dev(\/[\w+@:=#-][\w.+@:=#-]*)+$/.test(path);
}

/** Whether a rule can make this path: not a name that the kernel gives, nor one that udev itself makes of it. */
export function canBeNamed(port: string): boolean {
  return isLink(port) && !/^\/dev\/(tty(ACM|USB|S|AMA|CH\d+USB)\d+$|pts\/|serial\/)/.test(port);
}

/** All rules that make links for serial ports, of every file that udev reads. Files that cannot be read have none. */
export function namingRules(dirs: readonly string[] = UDEV_DIRS): NamingRule[] {
  const seen = new Set<string>();
  const rules: NamingRule[] = [];
  for (const dir of dirs) {
    if (!existsSync(dir)) continue;
    for (const name of readdirSync(dir).sort()) {
      if (!name.endsWith(".rules") || seen.has(name)) continue;
      seen.add(name);
      rules.push(...rulesIn(join(dir, name)));
    }
  }
  return rules;
}

/** The rules of one file that make links; none when it cannot be read. */
export function rulesIn(file: string): NamingRule[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return [];
  }
  const rules: NamingRule[] = [];
  let logical = "";
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trimStart().startsWith("#")) continue;
    if (line.endsWith("\\")) {
      logical += line.slice(0, -1);
      continue;
    }
    for (const link of linksOf(logical + line)) {
      rules.push({ file, line: index + 1, link, mark: markOf(logical + line) });
    }
    logical = "";
  }
  return rules;
}

/** Rules with substitutions make names that cannot be foretold, and no arm's. */
function linksOf(rule: string): string[] {
  if (!/SUBSYSTEM==|KERNEL==|ATTRS|ENV/.test(rule)) return [];
  return [...rule.matchAll(/\bSYMLINK\s*(?:\+=|:=|=)\s*"([^"]*)"/g)]
    .flatMap(([, names]) => names!.split(/\s+/))
    .filter((name) => name !== "" && !/[$%]/.test(name))
    .map((name) => `/dev/${name}`);
}
