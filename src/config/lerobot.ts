/** LeRobot's part of a pair's configuration, `[lerobot]`: where its programs on other machines are answered. */
import { existsSync } from "node:fs";
import { isIPv4, isIPv6 } from "node:net";
import * as v from "valibot";
import { ConfigError, readConfigFile } from "./file.ts";
import { problemsOf } from "./problems.ts";
import { parseToml } from "./toml.ts";

/** Where LeRobot's client looks for LeKiwi's commands, unless it is told otherwise (`port_zmq_cmd`, LeRobot 0.3 to 0.6). */
export const LEKIWI_PORT = 5555;
/** So many ports are used, one after another: commands, observations, and those of the plugin. */
export const LEROBOT_PORTS = 4;

/** Where to listen. */
export interface LerobotAddress {
  /** An address of this machine, or that of all: no name, which ZeroMQ could not listen at. */
  readonly hostname: string;
  /** The first of {@link LEROBOT_PORTS}. */
  readonly port: number;
}

/** An address as people write it: `192.168.1.20`, `0.0.0.0:5565`, `[::1]`, `[::]:5565`; undefined for what is none. */
export function lerobotAddress(text: string): LerobotAddress | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-f:.]+)\]|([\d.]+))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const isAddress = bracketed === undefined ? isIPv4(plain ?? "") : isIPv6(bracketed);
  const port = digits === undefined ? LEKIWI_PORT : Number(digits);
  if (!isAddress || port < 1 || port + LEROBOT_PORTS - 1 > 65_535) return undefined;
  return { hostname: (bracketed ?? plain)!, port };
}

/** What an address is to be, for messages. */
export const lerobotAddressMessage =
  'an address of this machine, with or without a port, such as "0.0.0.0" or "192.168.1.20:5555"';

/** Every key, with its bounds and its default. `packaging/config.toml` says to people what each means. */
export const lerobotSchema = v.strictObject({
  listen: v.exactOptional(
    v.pipe(
      v.string(lerobotAddressMessage),
      v.check((text) => lerobotAddress(text) !== undefined, lerobotAddressMessage),
    ),
  ),
});

/** LeRobot's part of the configuration. */
export type LerobotConfig = v.InferOutput<typeof lerobotSchema>;

/** Its keys. */
export const lerobotKeys = Object.keys(lerobotSchema.entries);

/**
 * Where a pair answers LeRobot's programs, by its file at `path`; undefined where it does not, or there is no file. What is
 * wrong in other parts of the file is for the pair's service to refuse. Throws {@link ConfigError}.
 */
export function loadLerobotAddress(path: string): LerobotAddress | undefined {
  const file = existsSync(path) ? parseToml(readConfigFile(path), path) : {};
  const result = v.safeParse(v.object({ lerobot: v.optional(lerobotSchema, {}) }), file);
  if (result.success) return lerobotAddress(result.output.lerobot.listen ?? "");
  const problems = problemsOf(result.issues, (key) => `${path}: ${key}`, { lerobot: lerobotKeys });
  throw new ConfigError(problems.map(({ message }) => message).join("\n"), { problems });
}
