/**
 * The network's part of the configuration, `[network]`. What is of the whole machine (broker, name, who may command) stands
 * in the main pair's file alone; which arms a pair has here, and whose leader it follows, in each pair's own.
 */
import { existsSync } from "node:fs";
import * as v from "valibot";
import { ConfigError, readConfigFile } from "./file.ts";
import { plainText } from "./text.ts";
import { parseToml } from "./toml.ts";

const nameMessage = 'a name of letters, digits, - and _, such as "desk"';
/** A machine's or a pair's name, as it stands in topics. */
const NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/i;
const leaderMessage = 'a machine and its pair, such as "desk/main"';

const brokerMessage = 'the URL of an MQTT broker, such as "mqtts://broker.example.org:8883"';
const pathMessage = 'an absolute path such as "/etc/so101-teleop/network/ca.crt"';
const path = v.pipe(v.string(pathMessage), v.startsWith("/", pathMessage), plainText);
const holdMessage = "a number from 50 to 5000 (ms)";

/** `desk/main`: the leader of a pair of another machine. */
export function isRemoteLeader(text: string): boolean {
  const parts = text.split("/");
  return parts.length === 2 && parts.every((part) => NAME.test(part));
}

/** Whether a URL is that of a broker which can be spoken to: over TCP or TLS, without a password in it. */
export function isBroker(text: string): boolean {
  const url = URL.parse(text);
  return (
    url !== null &&
    (url.protocol === "mqtt:" || url.protocol === "mqtts:") &&
    url.hostname !== "" &&
    url.username + url.password + url.search + url.hash === "" &&
    ["", "/"].includes(url.pathname)
  );
}

const ofPair = {
  arms: v.optional(v.picklist(["both", "leader", "follower"], '"both", "leader" or "follower"'), "both"),
  remote_leader: v.exactOptional(v.pipe(v.string(leaderMessage), v.check(isRemoteLeader, leaderMessage))),
  follow: v.optional(v.picklist(["local", "remote"], '"local" or "remote"'), "local"),
  hold_after_ms: v.optional(
    v.pipe(
      v.number(holdMessage),
      v.minValue(50, holdMessage),
      v.maxValue(5000, holdMessage),
      v.metadata({ unit: "ms" }),
    ),
    250,
  ),
};

const ofMachine = {
  broker: v.exactOptional(v.pipe(v.string(brokerMessage), v.check(isBroker, brokerMessage))),
  machine: v.exactOptional(v.pipe(v.string(nameMessage), v.regex(NAME, nameMessage))),
  ca_file: v.exactOptional(path),
  certificate_file: v.exactOptional(path),
  key_file: v.exactOptional(path),
  user: v.exactOptional(
    v.pipe(v.string("a user's name of the broker"), v.nonEmpty("a user's name"), plainText),
  ),
  password_file: v.exactOptional(path),
  allow_commands: v.optional(v.boolean("true or false"), false),
  home_assistant: v.optional(v.boolean("true or false"), false),
};

/** Every key of a further pair, with its bounds and its default. */
export const pairNetworkSchema = v.strictObject(ofPair);
/** Every key of the main pair's file. `packaging/config.toml` says to people what each means. */
export const networkSchema = v.strictObject({ ...ofMachine, ...ofPair });

/** The network's configuration, every default filled in. */
export type NetworkConfig = v.InferOutput<typeof networkSchema>;
/** What a further pair has of it. */
export type PairNetworkConfig = v.InferOutput<typeof pairNetworkSchema>;

/** The keys of the main pair's file. */
export const networkKeys = Object.keys(networkSchema.entries);

/** Whether the configuration file at `path` names a broker, whatever else is wrong in it. */
export function hasBroker(path: string): boolean {
  try {
    const file = existsSync(path) ? parseToml(readConfigFile(path), path) : {};
    return v.is(v.object({ network: v.object({ broker: ofMachine.broker.wrapped }) }), file);
  } catch (error) {
    if (error instanceof ConfigError) return false;
    throw error;
  }
}
