/** The configuration: its file, its defaults, and the command line's say in it. */
import { existsSync } from "node:fs";
import * as v from "valibot";
import type { NormalisationMode } from "../arm/calibration/normalisation.ts";
import { ConfigError, type KeyProblem, readConfigFile } from "./file.ts";
import {
  loadMachineNetwork,
  type MachineNetwork,
  type NetworkOverrides,
  needsNetwork,
  networkOptionOf,
  networkProblems,
  noNetwork,
  pairProblems,
  withNetworkOverrides,
} from "./network.ts";
import { MAIN_PAIR, pairConfigPath } from "./pairs.ts";
import { problemsOf, show } from "./problems.ts";
import { type Config, knownKeys, schemaFor } from "./schema.ts";
import { absolute } from "./text.ts";
import { parseToml } from "./toml.ts";

export type { Config };
export { ConfigError };

/** Where the configuration is unless `--config` says otherwise. */
export const DEFAULT_CONFIG_PATH = pairConfigPath(MAIN_PAIR);

/** What the command line can set instead of the file; what is undefined is left to the file. */
export interface Overrides extends NetworkOverrides {
  /** `--leader`: a path, relative to the working directory or absolute. */
  readonly leader?: string | undefined;
  /** `--follower`, likewise. */
  readonly follower?: string | undefined;
  /** `--leader-id` */
  readonly leaderId?: string | undefined;
  /** `--follower-id` */
  readonly followerId?: string | undefined;
  /** `--calibration-dir`: a path, relative to the working directory or absolute. */
  readonly calibrationDir?: string | undefined;
  /** `--rate`, in Hz. */
  readonly rate?: number | undefined;
  /** `--arms`: which arms of the pair are on this machine. */
  readonly arms?: Config["network"]["arms"] | undefined;
  /** `--remote-leader`: `desk/main`, which is followed then. */
  readonly remoteLeader?: string | undefined;
}

/** The option that sets a key. */
const optionOf: Readonly<Record<string, readonly [keyof Overrides, string]>> = {
  "leader.port": ["leader", "--leader"],
  "follower.port": ["follower", "--follower"],
  "leader.id": ["leaderId", "--leader-id"],
  "follower.id": ["followerId", "--follower-id"],
  calibration_dir: ["calibrationDir", "--calibration-dir"],
  "teleoperation.rate_hz": ["rate", "--rate"],
  ...networkOptionOf,
  "network.arms": ["arms", "--arms"],
  "network.remote_leader": ["remoteLeader", "--remote-leader"],
  "network.follow": ["remoteLeader", "--remote-leader"],
};

/** The configuration that an empty file gives. */
export const defaultConfig: Config = checkConfig({}, (key) => key);

/** The configuration that an empty file of a pair gives. */
export function defaultConfigOf(pair: string): Config {
  return checkConfig({}, (key) => key, pair);
}

/** Reads the configuration file at `path`; the pair's name decides some defaults. Throws {@link ConfigError}. */
export function loadConfig(path: string, pair?: string): Config {
  return parseConfig(readConfigFile(path), path, pair);
}

/** Reads a configuration out of a file's text; `path` is for messages. Throws {@link ConfigError}. */
export function parseConfig(text: string, path: string, pair?: string): Config {
  return checkConfig(parseToml(text, path), (key) => (key === "" ? path : `${path}: ${key}`), pair);
}

/** A configuration with what the command line says in place of it. Throws {@link ConfigError} naming the option. */
export function withOverrides(config: Config, overrides: Overrides): Config {
  const { leader, follower, leaderId, followerId, calibrationDir, rate, arms, remoteLeader } = overrides;
  const { remote_leader: _, ...alone } = config.network;
  // Without a follower the file's word of whom it follows is of nobody.
  const network = arms === "leader" ? { ...alone, follow: "local" as const } : config.network;
  const merged = {
    ...config,
    calibration_dir: absolute(calibrationDir) ?? config.calibration_dir,
    leader: { port: absolute(leader) ?? config.leader.port, id: leaderId ?? config.leader.id },
    follower: {
      ...config.follower,
      port: absolute(follower) ?? config.follower.port,
      id: followerId ?? config.follower.id,
    },
    teleoperation: { ...config.teleoperation, rate_hz: rate ?? config.teleoperation.rate_hz },
    network: {
      ...withNetworkOverrides(network, overrides),
      ...(arms !== undefined && { arms }),
      ...(remoteLeader !== undefined && { remote_leader: remoteLeader, follow: "remote" }),
    },
  };
  const isNetworkGiven = Object.keys(optionOf).some((key) => isOfNetwork(key) && isGiven(key, overrides));
  const isMissing = (key: string) => !Object.hasOwn(merged.network, key.replace("network.", ""));
  return checkConfig(merged, (key) => {
    const isOption = isGiven(key, overrides) || (isNetworkGiven && isOfNetwork(key) && isMissing(key));
    return (isOption && optionOf[key]?.[1]) || key;
  });
}

function isGiven(key: string, overrides: Overrides): boolean {
  const [override] = optionOf[key] ?? [];
  return override !== undefined && overrides[override] !== undefined;
}

function isOfNetwork(key: string): boolean {
  return key.startsWith("network.");
}

/**
 * The configuration that teleoperation runs with: the file's, with the command line's word in place of it. The file is
 * the one that is named, or the named pair's, or the main pair's. What is named must be there; the main pair's file
 * need not when port and id of each arm that is here are given. A further pair has the main pair's broker. Throws {@link ConfigError}.
 */
export function configFor(
  { config: file, pair }: { readonly config?: string | undefined; readonly pair?: string | undefined },
  overrides: Overrides,
  configDir?: string,
): Config {
  const { leader, follower, leaderId, followerId, arms = "both" } = overrides;
  const needed = { leader: [leader, leaderId], follower: [follower, followerId] };
  const given = arms === "both" ? [...needed.leader, ...needed.follower] : needed[arms];
  const path = file ?? pairConfigPath(pair ?? MAIN_PAIR, configDir);
  const isUnneeded =
    given.every((one) => one !== undefined) && file === undefined && pair === undefined && !existsSync(path);
  const config = isUnneeded ? defaultConfig : loadConfig(path, pair);
  if (pair === undefined || pair === MAIN_PAIR) return withOverrides(config, overrides);
  const network = { ...config.network, ...machinePartFor(config, pairConfigPath(MAIN_PAIR, configDir)) };
  return withOverrides({ ...config, network }, overrides);
}

/** What is of the whole machine, for a further pair. One that needs no network waits for nobody to correct another's file. */
function machinePartFor({ network }: Config, mainPath: string): MachineNetwork {
  try {
    return loadMachineNetwork(mainPath);
  } catch (error) {
    if (!(error instanceof ConfigError) || needsNetwork(network)) throw error;
    return noNetwork;
  }
}

/**
 * What a file's content, as TOML gives it, configures. `where` turns a key's path, "" for the whole, into what the person
 * wrote it as. Throws {@link ConfigError}.
 */
export function checkConfig(input: unknown, where: (key: string) => string, pair = MAIN_PAIR): Config {
  const result = v.safeParse(schemaFor(modeOf(input), pair), input);
  const problems = problemsOf(result.issues ?? [], where, knownKeys);
  if (!result.success) throw configError(problems);
  const config: Config = { ...result.output, network: { ...noNetwork, ...result.output.network } };
  const add = (key: string, message: string) => problems.push({ key, message });
  const { on_stop, rate_hz, hold_after_ms } = config.teleoperation;
  if (on_stop === "park" && config.park === undefined) {
    add(
      "park",
      `${where("park")} is missing, but teleoperation.on_stop is "park": it must give a pose for each joint`,
    );
  }
  if (config.network.arms === "both" && config.leader.port === config.follower.port) {
    add(
      "follower.port",
      `${where("follower.port")} is ${show(config.follower.port)}, but must not be the same as ${where("leader.port")}`,
    );
  }
  const leastHoldMs = (2 * 1000) / rate_hz; // below two ticks, each lost reply would stop the arm
  if (hold_after_ms < leastHoldMs) {
    add(
      "teleoperation.hold_after_ms",
      `${where("teleoperation.hold_after_ms")} is ${hold_after_ms}, but must be at least two ticks, ` +
        `which is ${Math.ceil(leastHoldMs)} ms at ${rate_hz} Hz`,
    );
  }
  const { warn_temperature_c, slow_temperature_c, release_temperature_c } = config.health;
  if (!(warn_temperature_c <= slow_temperature_c && slow_temperature_c <= release_temperature_c)) {
    add(
      "health",
      `${where("health")} has warn_temperature_c ${warn_temperature_c}, slow_temperature_c ${slow_temperature_c} and ` +
        `release_temperature_c ${release_temperature_c}, but they must not fall in this order`,
    );
  }
  // What is of the whole machine is not in a further pair's file.
  problems.push(...(pair === MAIN_PAIR ? networkProblems : pairProblems)(config.network, where));
  if (problems.length > 0) throw configError(problems);
  return config;
}

function configError(problems: readonly KeyProblem[]): ConfigError {
  return new ConfigError(problems.map(({ message }) => message).join("\n"), { problems });
}

/** The units of the parking pose, from what may yet be no configuration at all. */
export function modeOf(input: unknown): NormalisationMode {
  const { teleoperation } = input as { teleoperation?: { normalisation?: unknown } | null };
  return teleoperation?.normalisation === "degrees" ? "degrees" : "range";
}
