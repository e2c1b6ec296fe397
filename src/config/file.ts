/** Reading the configuration file as TOML, with the line of a syntax error. */
import { readFileSync, type Stats, statSync } from "node:fs";
import { whyOf } from "../linux/system-error.ts";
import { visible } from "../linux/visible.ts";

/** A configuration that cannot be used. The message has a line for each problem: where, what is, what must be. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** The commented file has 4000 bytes; this keeps a wrong path from filling the memory. */
const LARGEST_FILE_BYTES = 65_536;

/** The text of a configuration file. Throws {@link ConfigError}, whose cause is the system's error. */
export function readConfigFile(path: string): string {
  let stats: Stats;
  try {
    stats = statSync(path);
    if (stats.isFile() && stats.size <= LARGEST_FILE_BYTES) return readFileSync(path, "utf8");
  } catch (cause) {
    throw new ConfigError(`${path}: ${explain(cause as NodeJS.ErrnoException)}`, { cause });
  }
  throw new ConfigError(
    `${path}: ${stats.isFile() ? `too large for a configuration (${stats.size} bytes)` : "not a file"}`,
  );
}

function explain(error: NodeJS.ErrnoException): string {
  const { code } = error;
  if (code === "ENOENT") {
    return "there is no such configuration file — name one with --config, or give --leader, --follower, --leader-id and --follower-id instead";
  }
  if (code === "EACCES")
    return "you may not read this configuration file — run as a user who may, or use sudo";
  return `cannot be read: ${whyOf(error)}`;
}

/** A TOML text's content; `path` is for messages. Throws {@link ConfigError} that names the line. */
export function parseToml(text: string, path: string): unknown {
  try {
    return Bun.TOML.parse(text);
  } catch (cause) {
    const what = (cause as Error).message.replace(/^TOML Parse error: /, "");
    throw new ConfigError(`${path}: line ${lineOfError(text)}: ${visible(what)}`, { cause });
  }
}

/**
 * The line on which a text that is no TOML goes wrong. Bun's error carries only the line of our own call; but what
 * comes before the first wrong line is good TOML by itself, and nothing that contains that line is.
 */
function lineOfError(text: string): number {
  const lines = text.split("\n");
  for (let good = lines.length - 1; good > 0; good--) {
    try {
      Bun.TOML.parse(`${lines.slice(0, good).join("\n")}\n`);
      return good + 1;
    } catch {}
  }
  return 1;
}
