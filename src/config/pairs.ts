/** The pairs of arms of this machine: each has a configuration file of its own. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { isSystemError, whyOf } from "../linux/system-error.ts";
import { ConfigError } from "./file.ts";

/** The folder of the configuration files. */
export const CONFIG_DIR = "/etc/so101-teleop";

/** The pair whose file is `config.toml`; of any other it is `<pair>.toml`. */
export const MAIN_PAIR = "main";

/** A pair names a file, a systemd unit and links in /dev. */
const PAIR_NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/i;

/** Where a pair's configuration is. Throws {@link ConfigError} for a name that no pair can have. */
export function pairConfigPath(pair: string, dir: string = CONFIG_DIR): string {
  if (!PAIR_NAME.test(pair) || pair === "config") {
    throw new ConfigError(
      `--pair is ${JSON.stringify(pair)}, but must be a name of letters, digits, - and _ (and not "config")`,
    );
  }
  return join(dir, pair === MAIN_PAIR ? "config.toml" : `${pair}.toml`);
}

/** The systemd unit that teleoperates a pair. */
export function unitOf(pair: string): string {
  return pair === MAIN_PAIR ? "so101-teleop.service" : `so101-teleop@${pair}.service`;
}

/**
 * The pair that a command is about when none was named: the only one that has a configuration file; {@link MAIN_PAIR}
 * when there is none. Throws {@link ConfigError} that lists them when there are several.
 */
export function onlyPair(dir: string = CONFIG_DIR): string {
  const pairs = pairsIn(dir);
  if (pairs.length > 1) {
    throw new ConfigError(
      `${dir} has several pairs of arms: say which with --pair ${pairs.join(" or --pair ")}`,
    );
  }
  return pairsOrMain(dir)[0]!;
}

/** Every pair that has a configuration file, by name; {@link MAIN_PAIR} when there is none. */
export function pairsOrMain(dir: string = CONFIG_DIR): string[] {
  const pairs = pairsIn(dir);
  return pairs.length > 0 ? pairs : [MAIN_PAIR];
}

/**
 * A pair's name where a command that is to be pasted must have it; undefined for the main pair of a machine that has no
 * other, as far as can be seen. Never throws: what went wrong is worded with it.
 */
export function pairToName(pair: string, dir: string = CONFIG_DIR): string | undefined {
  return pair === MAIN_PAIR && !hasFurtherPairs(dir) ? undefined : pair;
}

function hasFurtherPairs(dir: string): boolean {
  try {
    return pairsIn(dir).some((one) => one !== MAIN_PAIR);
  } catch {
    return false;
  }
}

/** The pairs that have a configuration file, in order. Throws {@link ConfigError} where the folder cannot be read. */
export function pairsIn(dir: string = CONFIG_DIR): string[] {
  return filesIn(dir)
    .filter((file) => file.endsWith(".toml") && file !== `${MAIN_PAIR}.toml`)
    .map((file) => (file === "config.toml" ? MAIN_PAIR : file.slice(0, -".toml".length)))
    .filter((pair) => PAIR_NAME.test(pair))
    .sort();
}

function filesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (isSystemError(error) && error.code === "ENOENT") return [];
    throw new ConfigError(`${dir} cannot be read: ${whyOf(error)}`);
  }
}
