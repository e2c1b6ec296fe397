/** What every path, id and name must be, in a file and on the command line. */
import { resolve } from "node:path";
import * as v from "valibot";
import { isVisible } from "../linux/text/visible.ts";
import { ConfigError } from "./file.ts";
import { show } from "./problems.ts";

/**
 * A text in which all is seen: what is not, such as the end of a line or what a terminal obeys, is in no path that
 * somebody means, and would go on from here into messages, logs and rules.
 */
export const plainText = v.pipe(
  v.string(),
  v.check(isVisible, "a text without control characters, ends of lines and others that are not seen"),
);

/** Throws {@link ConfigError} when a text that was given as `where`, as `--config`, is no {@link plainText}. */
export function requirePlain(text: string, where: string): void {
  const { issues } = v.safeParse(plainText, text);
  if (issues !== undefined)
    throw new ConfigError(`${where} is ${show(text)}, but must be ${issues[0].message}`);
}

/** The absolute path of what was given as `where`. Throws as {@link requirePlain}, also for the working directory. */
export function absolutePathOf(path: string, where: string): string {
  const absolute = resolve(path);
  requirePlain(absolute, where);
  return absolute;
}

/** A path made absolute, where there is one. Whether it is {@link plainText} is checked with what it is a part of. */
export function absolute(path: string | undefined): string | undefined {
  return path === undefined ? undefined : resolve(path);
}
