/** Reading the configuration file. */
import { readFileSync, type Stats, statSync } from "node:fs";
import { whyOf } from "../linux/system-error.ts";

/** What is wrong with a key, or a section, by its path; "" is the whole. */
export interface KeyProblem {
  readonly key: string;
  /** A sentence, which names the key. */
  readonly message: string;
}

/** A configuration that cannot be used. The message has a line for each problem: where, what is, what must be. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** The same by key; none where it is not about keys. */
  readonly problems: readonly KeyProblem[];

  constructor(message: string, options: ErrorOptions & { readonly problems?: readonly KeyProblem[] } = {}) {
    super(message, options);
    this.problems = options.problems ?? [];
  }
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
