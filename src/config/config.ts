/** The configuration: its file, its schema, its defaults, and the command line's say in it. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import * as v from "valibot";
import type { NormalisationMode } from "../arm/calibration/normalisation.ts";
import { armIdProblem } from "../arm/calibration/tree.ts";
import { JOINTS, type JointName, type Role } from "../arm/joints.ts";
import { LEROBOT_GAINS } from "../arm/servos/baseline.ts";
import { ConfigError, type KeyProblem, readConfigFile } from "./file.ts";
import { networkKeys, networkSchema, pairNetworkSchema } from "./network.ts";
import { MAIN_PAIR, pairConfigPath } from "./pairs.ts";
import { problemsOf, show } from "./problems.ts";
import { plainText } from "./text.ts";
import { parseToml } from "./toml.ts";
import { webKeys, webSchema } from "./web.ts";

export { ConfigError };

/** Where the configuration is unless `--config` says otherwise. */
export const DEFAULT_CONFIG_PATH = pairConfigPath(MAIN_PAIR);

const between = (from: number, to: number, unit: string) => {
  const message = `a number from ${from} to ${to} (${unit})`;
  return v.pipe(v.number(message), v.minValue(from, message), v.maxValue(to, message), v.metadata({ unit }));
};

const absolutePath = (example: string) => {
  const message = `an absolute path such as ${JSON.stringify(example)}`;
  return v.pipe(v.string(message), v.startsWith("/", message), plainText);
};

const oneOf = <const Options extends readonly string[]>(options: Options) =>
  v.picklist(options, options.map((option) => JSON.stringify(option)).join(" or "));

const wholeNumber = (from: number, to: number) => {
  const message = `a whole number from ${from} to ${to}`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(from, message), v.maxValue(to, message));
};

/** A joint's gains. Below 4 a joint sags; beyond LeRobot's it shakes sooner the further it is. */
const gains = v.strictObject({
  p: v.optional(wholeNumber(4, 64), LEROBOT_GAINS.p),
  i: v.optional(wholeNumber(0, 8), LEROBOT_GAINS.i),
  d: v.optional(wholeNumber(0, 64), LEROBOT_GAINS.d),
});

const gainsOfJoints = v.strictObject(v.entriesFromList(JOINTS, v.exactOptional(gains)));

const armKeys = (role: Role, pair: string) => ({
  port: v.optional(
    absolutePath("/dev/ttyACM0"),
    pair === MAIN_PAIR ? `/dev/ttyUSB_${role}_arm` : `/dev/so101/${pair}-${role}`,
  ),
  id: v.optional(
    v.pipe(
      v.string("the name of a calibration file without its .json"),
      v.check(
        (given) => armIdProblem(given) === undefined,
        ({ input }) => `a plain file name: ${armIdProblem(input)}`,
      ),
    ),
    pair === MAIN_PAIR ? role : `${pair}-${role}`,
  ),
});

const pose = (body: v.GenericSchema<number>) =>
  v.strictObject({
    shoulder_pan: body,
    shoulder_lift: body,
    elbow_flex: body,
    wrist_flex: body,
    wrist_roll: body,
    gripper: between(0, 100, "% of its range"),
  } satisfies Record<JointName, v.GenericSchema<number>>);

const parkPoses = {
  range: pose(between(-100, 100, "% of its range, as normalisation is by range")),
  degrees: pose(between(-180, 180, "° from the middle of its range, as normalisation is in degrees")),
};

/** There is one page, of all pairs. */
const notHere = v.never("left out here: the page's settings are in the main pair's config.toml");

/**
 * Every key, with its bounds and its default. `packaging/config.toml` says to people what each means. The units of the
 * parking pose are those of `normalisation`; some defaults have the pair's name in them.
 */
export const schemaFor = (normalisation: NormalisationMode, pair: string) =>
  v.strictObject({
    calibration_dir: v.optional(absolutePath("/home/me/calibration"), "/var/lib/so101-teleop/calibration"),
    leader: v.optional(v.strictObject(armKeys("leader", pair)), {}),
    follower: v.optional(
      v.strictObject({ ...armKeys("follower", pair), gains: v.exactOptional(gainsOfJoints) }),
      {},
    ),
    teleoperation: v.optional(
      v.strictObject({
        rate_hz: v.optional(between(20, 500, "Hz"), 200),
        normalisation: v.optional(oneOf(["range", "degrees"]), "range"),
        align_speed_deg_per_s: v.optional(between(5, 180, "°/s"), 45),
        follow_speed_deg_per_s: v.optional(between(10, 720, "°/s"), 360),
        hold_after_ms: v.optional(between(20, 5000, "ms"), 100),
        hold_for_s: v.optional(between(1, 86_400, "s"), 600),
        on_stop: v.optional(oneOf(["relax", "hold", "park"]), "relax"),
        start: v.optional(oneOf(["at once", "on leader motion"]), "at once"),
      }),
      {},
    ),
    health: v.optional(
      v.strictObject({
        warn_temperature_c: v.optional(between(30, 100, "°C"), 55),
        slow_temperature_c: v.optional(between(30, 100, "°C"), 60),
        release_temperature_c: v.optional(between(30, 100, "°C"), 65),
        voltage_sag_percent: v.optional(between(1, 50, "%"), 15),
        stall_current_ma: v.optional(between(0, 5000, "mA"), 0),
        stall_after_s: v.optional(between(1, 60, "s"), 3),
      }),
      {},
    ),
    park: v.exactOptional(parkPoses[normalisation]),
    web: pair === MAIN_PAIR ? v.optional(webSchema, {}) : v.exactOptional(notHere),
    network: v.optional(pair === MAIN_PAIR ? networkSchema : pairNetworkSchema, {}),
  });

/** The configuration, with the file's keys, every default filled in; `park` is there when `on_stop` is "park". */
export type Config = v.InferOutput<ReturnType<typeof schemaFor>>;

/** The keys there are, by section; "" is the top level. For hints. */
const { entries } = schemaFor("range", MAIN_PAIR);
const knownKeys = {
  "": Object.keys(entries),
  leader: Object.keys(entries.leader.wrapped.entries),
  follower: Object.keys(entries.follower.wrapped.entries),
  "follower.gains": JOINTS,
  ...Object.fromEntries(JOINTS.map((joint) => [`follower.gains.${joint}`, Object.keys(gains.entries)])),
  teleoperation: Object.keys(entries.teleoperation.wrapped.entries),
  health: Object.keys(entries.health.wrapped.entries),
  park: Object.keys(entries.park.wrapped.entries),
  web: webKeys,
  network: networkKeys,
};

/** What the command line can set instead of the file; what is undefined is left to the file. */
export interface Overrides {
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
}

/** The option that sets a key. */
const optionOf: Readonly<Record<string, readonly [keyof Overrides, string]>> = {
  "leader.port": ["leader", "--leader"],
  "follower.port": ["follower", "--follower"],
  "leader.id": ["leaderId", "--leader-id"],
  "follower.id": ["followerId", "--follower-id"],
  calibration_dir: ["calibrationDir", "--calibration-dir"],
  "teleoperation.rate_hz": ["rate", "--rate"],
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
  const { leader, follower, leaderId, followerId, calibrationDir, rate } = overrides;
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
  };
  return checkConfig(merged, (key) => {
    const [override, option] = optionOf[key] ?? [];
    return override !== undefined && overrides[override] !== undefined ? option! : key;
  });
}

/**
 * The configuration that teleoperation runs with: the file's, with the command line's word in place of it. The file is
 * the one that is named, or the named pair's, or the main pair's. What is named must be there; the main pair's file
 * need not when both ports and both ids are given. Throws {@link ConfigError}.
 */
export function configFor(
  { config: file, pair }: { readonly config?: string | undefined; readonly pair?: string | undefined },
  overrides: Overrides,
  configDir?: string,
): Config {
  const { leader, follower, leaderId, followerId } = overrides;
  const complete = [leader, follower, leaderId, followerId].every((given) => given !== undefined);
  const path = file ?? pairConfigPath(pair ?? MAIN_PAIR, configDir);
  const unneeded = complete && file === undefined && pair === undefined && !existsSync(path);
  return withOverrides(unneeded ? defaultConfig : loadConfig(path, pair), overrides);
}

function absolute(path: string | undefined): string | undefined {
  return path === undefined ? undefined : resolve(path);
}

/**
 * What a file's content, as TOML gives it, configures. `where` turns a key's path, "" for the whole, into what the person
 * wrote it as. Throws {@link ConfigError}.
 */
export function checkConfig(input: unknown, where: (key: string) => string, pair = MAIN_PAIR): Config {
  const result = v.safeParse(schemaFor(modeOf(input), pair), input);
  const problems = problemsOf(result.issues ?? [], where, knownKeys);
  if (!result.success) throw configError(problems);
  const config = result.output;
  const add = (key: string, message: string) => problems.push({ key, message });
  const { on_stop, rate_hz, hold_after_ms } = config.teleoperation;
  if (on_stop === "park" && config.park === undefined) {
    add(
      "park",
      `${where("park")} is missing, but teleoperation.on_stop is "park": it must give a pose for each joint`,
    );
  }
  if (config.leader.port === config.follower.port) {
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
