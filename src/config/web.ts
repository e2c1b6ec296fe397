/** The page's part of the configuration, `[web]` of the main pair's file: where it listens, who may read, by which names. */
import { existsSync } from "node:fs";
import * as v from "valibot";
import { ConfigError, readConfigFile } from "./file.ts";
import { problemsOf } from "./problems.ts";
import { parseToml } from "./toml.ts";

/** Where to listen. */
export interface ListenAddress {
  /** An address, or a name that leads to one of this machine. */
  readonly hostname: string;
  /** 0 for any that is free. */
  readonly port: number;
}

/** An address as people write it, `0.0.0.0:8101` or `[::]:8101`; undefined for what is none. */
export function listenAddress(text: string): ListenAddress | undefined {
  const [, hostname, port] = /^(\[[0-9a-f:.]+\]|[a-z\d.-]{1,253}):(\d{1,5})$/i.exec(text) ?? [];
  if (hostname === undefined || Number(port) > 65_535) return undefined;
  return { hostname: hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
}

/** Where the page listens, unless it is configured. */
export const DEFAULT_LISTEN = "0.0.0.0:8101";
/** More names than any machine has. */
const MOST_NAMES = 16;

const listenMessage = `an address and a port, such as ${JSON.stringify(DEFAULT_LISTEN)}`;
const namesMessage = `a list of up to ${MOST_NAMES} names of this machine, such as ["arms.example.org"]`;
const nameMessage = 'a name of this machine without a port, such as "arms.example.org"';

/** Every key, with its bounds and its default. `packaging/config.toml` says to people what each means. */
export const webSchema = v.strictObject({
  enabled: v.optional(v.boolean("true or false"), true),
  listen: v.optional(
    v.pipe(
      v.string(listenMessage),
      // Port 0 would be another one at each start, which nobody knows.
      v.check((text) => (listenAddress(text)?.port ?? 0) > 0, listenMessage),
    ),
    DEFAULT_LISTEN,
  ),
  read: v.optional(v.picklist(["everybody", "claimed"], '"everybody" or "claimed"'), "everybody"),
  names: v.optional(
    v.pipe(
      v.array(
        v.pipe(
          v.string(nameMessage),
          v.regex(/^[a-z\d]([a-z\d.-]{0,251}[a-z\d])?$/i, nameMessage),
          v.toLowerCase(),
        ),
        namesMessage,
      ),
      v.maxLength(MOST_NAMES, namesMessage),
    ),
    [],
  ),
});

/** The page's configuration, every default filled in. */
export type WebConfig = v.InferOutput<typeof webSchema>;

/** Its keys. */
export const webKeys = Object.keys(webSchema.entries);

/**
 * The page's part of the configuration file at `path`; the defaults where there is no file. What is wrong in other parts
 * of it is not the page's: it is to show that. Throws {@link ConfigError}.
 */
export function loadWebConfig(path: string): WebConfig {
  const file = existsSync(path) ? parseToml(readConfigFile(path), path) : {};
  const result = v.safeParse(v.object({ web: v.optional(webSchema, {}) }), file);
  if (result.success) return result.output.web;
  const problems = problemsOf(result.issues, (key) => `${path}: ${key}`, { web: webKeys });
  throw new ConfigError(problems.map(({ message }) => message).join("\n"), { problems });
}
