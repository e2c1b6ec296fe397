/** The configuration's schema: every key, with its bounds and its default. */
import * as v from "valibot";
import type { NormalisationMode } from "../arm/calibration/normalisation.ts";
import { armIdProblem } from "../arm/calibration/tree.ts";
import { JOINTS, type JointName, type Role } from "../arm/joints.ts";
import { LEROBOT_GAINS } from "../arm/servos/baseline.ts";
import { lerobotKeys, lerobotSchema } from "./lerobot.ts";
import { type NetworkConfig, networkKeys, networkSchema, pairNetworkSchema } from "./network.ts";
import { MAIN_PAIR } from "./pairs.ts";
import { plainText } from "./text.ts";
import { webKeys, webSchema } from "./web.ts";

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
    drive: v.optional(
      v.strictObject({ local_leader_wins: v.optional(v.boolean("true or false"), true) }),
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
    lerobot: v.optional(lerobotSchema, {}),
  });

/**
 * The configuration, with the file's keys, every default filled in; `park` is there when `on_stop` is "park". A further
 * pair's file has of `network` what is its own.
 */
export type Config = Omit<v.InferOutput<ReturnType<typeof schemaFor>>, "network"> & {
  readonly network: NetworkConfig;
};

/** The keys there are, by section; "" is the top level. For hints. */
const { entries } = schemaFor("range", MAIN_PAIR);
export const knownKeys = {
  "": Object.keys(entries),
  leader: Object.keys(entries.leader.wrapped.entries),
  follower: Object.keys(entries.follower.wrapped.entries),
  "follower.gains": JOINTS,
  ...Object.fromEntries(JOINTS.map((joint) => [`follower.gains.${joint}`, Object.keys(gains.entries)])),
  teleoperation: Object.keys(entries.teleoperation.wrapped.entries),
  drive: Object.keys(entries.drive.wrapped.entries),
  health: Object.keys(entries.health.wrapped.entries),
  park: Object.keys(entries.park.wrapped.entries),
  web: webKeys,
  network: networkKeys,
  lerobot: lerobotKeys,
};
