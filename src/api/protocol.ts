/**
 * What is spoken on a service's control socket: one JSON object a line, each way. A request is
 * `{"v": 1, "do": "status" | "watch" | "samples" | "events" | "arms" | "tell" | "lend" | "network" | "heard" | "unsent" | "follow" | "drive" | "yield" | "recorder" | "recording" | "record" | "pause" | "resume" | "release" | "park" | "reload"}`; a reply
 * `{"v": 1, "ok": true, …}` or `{"v": 1, "ok": false, "error": "…"}`. Fields and requests are only ever added: who reads ignores what it does not know.
 */
import * as v from "valibot";
import type { JointName } from "../arm/joints.ts";
import type { AimedRemedy } from "../arm/remedy.ts";
import type { Mode, PairState } from "../teleop/state/states.ts";
import { ORDERS, recordingFields, recordingSchema } from "./recording.ts";

/** The version of the protocol; a request of another is refused with this number. */
export const PROTOCOL_VERSION = 1;

/** A request is not longer than this, in bytes with its line's end. */
export const LONGEST_REQUEST_BYTES = 1_024;

const version = v.literal(PROTOCOL_VERSION);

/**
 * What another program may have a service tell: that somebody shows, beside the arms, that a page may move them; what has
 * come over the network, or from LeRobot's programs, for this pair.
 */
export const TELLABLE = [
  "claim began",
  "claim made",
  "claim failed",
  "network pause",
  "network release",
  "network resume",
  "network command not done",
  "network command retained",
  "network command unknown",
  "network commands too many",
  "network name twice",
  "lerobot second client",
  "lerobot no command",
] as const;

/** One of them. */
export type Tellable = (typeof TELLABLE)[number];

const remoteLeader = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9][a-z0-9_-]{0,62}\/[a-z0-9][a-z0-9_-]{0,63}$/i, "leader: a machine and its pair"),
);

/** drive_mode, homing_offset, range_min and range_max of each joint, in the joints' order: a request is short. */
const jointNumbers = v.strictTuple([v.number(), v.number(), v.number(), v.number()]);
const armNumbers = v.strictTuple([
  jointNumbers,
  jointNumbers,
  jointNumbers,
  jointNumbers,
  jointNumbers,
  jointNumbers,
]);
/** Checks the form of what a follower must know of a leader. */
export const leaderArmSchema = v.strictObject({
  epoch: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)),
  normalisation: v.picklist(["range", "degrees"]),
  joints: armNumbers,
});

/** What a follower must know of a leader. Whether the numbers can be a calibration is for who uses them. */
export type LeaderArm = v.InferOutput<typeof leaderArmSchema>;

const fact = v.pipe(v.string(), v.maxLength(200));
const troubleSchema = v.variant("why", [
  v.strictObject({ why: v.picklist(["unknown", "offline", "not ready", "no calibration"]) }),
  v.strictObject({ why: v.picklist(["no broker", "refused", "certificate"]), broker: fact, fact }),
  v.strictObject({ why: v.literal("other version"), version: v.number() }),
]);

const unsentSchema = v.strictObject({
  why: v.picklist(["no broker", "refused", "certificate"]),
  broker: fact,
  fact,
});

/** What keeps the network's client from sending a leader's samples. */
export type UnsentTrouble = v.InferOutput<typeof unsentSchema>;

/** Checks a request. */
export const requestSchema = v.variant("do", [
  v.strictObject({ v: version, do: v.literal("status") }),
  v.strictObject({ v: version, do: v.picklist(["pause", "resume", "release", "park", "reload"]) }),
  /** The status now, and again every so many ms until the client leaves. */
  v.strictObject({
    v: version,
    do: v.literal("watch"),
    everyMs: v.pipe(v.number(), v.integer(), v.minValue(50), v.maxValue(60_000)),
  }),
  /**
   * Samples of the control loop from now on, until the client leaves: every one, at a distance of `everyMs` at least; or
   * to be recorded, `perSecond` on an even grid, each with where the follower was found in the slack before its tick.
   */
  v.pipe(
    v.strictObject({
      v: version,
      do: v.literal("samples"),
      everyMs: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(2), v.maxValue(1_000))),
      perSecond: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(500))),
    }),
    v.check(
      ({ everyMs, perSecond }) => (everyMs === undefined) !== (perSecond === undefined),
      "samples: say everyMs or perSecond",
    ),
  ),
  /** The events that are kept, the oldest first: those after this number, as many as a reply holds. */
  v.strictObject({
    v: version,
    do: v.literal("events"),
    after: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
  }),
  /** What the arms are and how their positions are normalised: for who records, replays or drives. */
  v.strictObject({ v: version, do: v.literal("arms") }),
  /** Lends both arms for a purpose, in a word or a few: until the client ends the connection. */
  v.strictObject({
    v: version,
    do: v.literal("lend"),
    for: v.pipe(
      v.string(),
      v.regex(/^[a-z][a-z0-9 -]{0,39}$/, "for: up to 40 small letters, digits, spaces and -"),
    ),
  }),
  /**
   * Of the network's client: it carries samples for this pair until it ends the connection. It is told, at once and at
   * each change, what this pair wants and has to give ({@link replySchema}, `network`).
   */
  v.strictObject({ v: version, do: v.literal("network") }),
  /** Of the network's client: what is heard of a leader of another machine, or why nothing is. */
  v.strictObject({
    v: version,
    do: v.literal("heard"),
    leader: remoteLeader,
    arm: v.exactOptional(leaderArmSchema),
    trouble: v.exactOptional(troubleSchema),
    /** Samples that came under the leader's name, and are of another epoch than the one that is followed; since it was told last. */
    others: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  }),
  /** Of the network's client: what keeps it from sending this leader's samples; nothing once they go out. */
  v.strictObject({ v: version, do: v.literal("unsent"), trouble: v.exactOptional(unsentSchema) }),
  /** Has the follower follow this leader until the next start: that of this pair, "local", or one of another machine. */
  v.strictObject({
    v: version,
    do: v.literal("follow"),
    leader: v.union([v.literal("local"), remoteLeader]),
  }),
  /**
   * Lets a client give the follower its targets, from the first one on, until the connection ends; it is told how that is, at
   * once and at each change ({@link replySchema}, `drive`). The targets come on a socket beside this one.
   */
  v.strictObject({
    v: version,
    do: v.literal("drive"),
    as: v.picklist(["client", "replay"]),
    who: v.pipe(v.string(), v.regex(/^[\P{C}]{1,64}$/u, "who: 1 to 64 characters that can be printed")),
  }),
  /** The client with this epoch drives no more. */
  v.strictObject({
    v: version,
    do: v.literal("yield"),
    epoch: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)),
  }),
  /**
   * Of a recorder: it records this pair until it ends the connection. It is told what somebody orders
   * ({@link replySchema}, `order`), and says how it is with `recording` on the same connection, a second apart at most.
   */
  v.strictObject({ v: version, do: v.literal("recorder") }),
  v.strictObject({ v: version, do: v.literal("recording"), ...recordingFields }),
  /** Orders something of the recorder of this pair. */
  v.strictObject({ v: version, do: v.literal("record"), order: v.picklist(ORDERS) }),
  /** Has an event told, in words that the service has for it. */
  v.strictObject({
    v: version,
    do: v.literal("tell"),
    what: v.picklist(TELLABLE),
    /** What the machine calls itself at the broker, with what comes over the network. */
    machine: v.exactOptional(v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9_-]{0,62}$/i))),
    /** The address of the client, with what comes from LeRobot's programs. */
    client: v.exactOptional(v.pipe(v.string(), v.regex(/^[0-9a-f.:]{2,45}$/i))),
  }),
]);

/** A request. */
export type ControlRequest = v.InferOutput<typeof requestSchema>;

const figure = v.nullable(v.number());

const jointSchema = v.object({
  positionSteps: figure,
  /** Of the calibrated range or in degrees, as is configured; null without a calibration. */
  positionNormalised: figure,
  /** The calibrated range; null without a calibration. */
  rangeSteps: v.optional(v.nullable(v.object({ min: v.number(), max: v.number() })), null),
  /** Never of the leader. */
  goalSteps: figure,
  torqueOn: v.nullable(v.boolean()),
  speedStepsPerS: figure,
  loadPercent: figure,
  currentMa: figure,
  voltageV: figure,
  temperatureC: figure,
  errors: v.array(v.picklist(["voltage", "sensor", "overheat", "overcurrent", "overload"])),
  /** Replies that did not come or came damaged, since the service started. */
  misses: v.number(),
});

const armSchema = v.object({
  id: v.string(),
  port: v.string(),
  timeouts: v.number(),
  lateReplies: v.number(),
  /** How long replies take, ms; null before there was one. */
  roundTripMs: v.object({ p50: v.nullable(v.number()), p99: v.nullable(v.number()) }),
  corruptedReplies: v.number(),
  noiseBytes: v.number(),
  retries: v.number(),
  joints: v.object({
    shoulder_pan: jointSchema,
    shoulder_lift: jointSchema,
    elbow_flex: jointSchema,
    wrist_flex: jointSchema,
    wrist_roll: jointSchema,
    gripper: jointSchema,
  } satisfies Record<JointName, typeof jointSchema>),
});

// A client need not load the control loop to know its words; that none is missing is checked where a status is made.
const states = [
  "waiting",
  "connecting",
  "aligning",
  "following",
  "holding",
  "faulted",
  "stopped",
  "leading",
] as const satisfies readonly PairState[];
const modes = ["running", "paused", "released", "lent"] as const satisfies readonly (Mode | "lent")[];

const severity = v.picklist(["info", "warning", "fault"]);

const event = { time: v.string(), code: v.string(), severity, message: v.string() };

const numberedEventSchema = v.object({ number: v.number(), ...event });

/** Something that was told, and its number since the service started, from 1. */
export type NumberedEvent = v.InferOutput<typeof numberedEventSchema>;

/** What settles a reason. Of a newer service it may be one that nobody here knows: who uses it looks. */
const cureSchema = v.custom<AimedRemedy>(
  (value) => typeof value === "object" && value !== null && typeof Object(value).do === "string",
);

const reasonSchema = v.object({ code: v.string(), cures: v.array(cureSchema) });

/** Why a pair is in its state, by code, with what settles it: any one of its cures does. */
export type StatedReason = v.InferOutput<typeof reasonSchema>;

/** Checks a status. */
export const statusSchema = v.object({
  pair: v.string(),
  pid: v.number(),
  program: v.string(),
  startedAt: v.string(),
  state: v.picklist(states),
  since: v.string(),
  why: v.string(),
  /** The same by code. Not told by 0.1. */
  reasons: v.optional(v.array(reasonSchema), []),
  mode: v.picklist(modes),
  /**
   * Of a pair that is to be paused or released: whether it is, by what was seen of the follower since that was asked for
   * last. Not told by 0.1.
   */
  isObeyed: v.optional(v.boolean()),
  /** What came of reading the configuration last. Not told by 0.1. */
  settings: v.optional(
    v.object({
      readAt: v.string(),
      /** Why it could not be used, a sentence each: what held before, holds. */
      refused: v.array(v.string()),
      /** The keys whose values take effect at the next start. */
      kept: v.array(v.string()),
    }),
  ),
  /** While the arms are lent, or about to be: to which process, for what, and since when. Its name, where that is seen. */
  lent: v.optional(
    v.object({
      pid: v.nullable(v.number()),
      name: v.nullable(v.string()),
      for: v.string(),
      since: v.string(),
    }),
  ),
  configuredRateHz: v.number(),
  rateHz: v.number(),
  ticks: v.number(),
  /** Ticks that came too late for their slot. */
  lateTicks: v.number(),
  latenessUs: v.object({ p50: v.number(), p99: v.number(), p999: v.number(), max: v.number() }),
  alignments: v.number(),
  /**
   * Who gives the follower its targets, since when: the leader of this pair, or that of another machine by its name,
   * `desk/main`; or a client or a replay by what it calls itself. Not told by 0.1.
   */
  driver: v.optional(
    v.object({
      source: v.picklist(["local leader", "remote leader", "client", "replay"]),
      leader: v.nullable(v.string()),
      since: v.string(),
      /** That leader does not drive yet, and nobody else does since then: after a client it is waited until a person moves it. */
      isAwaited: v.optional(v.boolean()),
    }),
  ),
  /** Which arms of the pair are on this machine. Not told by 0.1. */
  armsHere: v.optional(v.picklist(["both", "leader", "follower"])),
  /** What comes of the leader of another machine, since the service started; there while one is followed. Not told by 0.1. */
  remote: v.optional(
    v.object({
      leader: v.string(),
      /** Samples that were acted upon. */
      samples: v.number(),
      /** A sample's delay beyond the least of the last 10 s, ms; null before there was one. */
      delayMs: v.object({ p50: v.nullable(v.number()), p99: v.nullable(v.number()) }),
      /** The longest time between two samples that were acted upon, ms, of a follower that did not hold between. */
      longestGapMs: v.number(),
      /** Samples that were not acted upon: older than one before, delayed by more than 150 ms, or of another leader. */
      old: v.number(),
      late: v.number(),
      ofOthers: v.number(),
      /** Samples that never came, by their numbers. */
      missing: v.number(),
      /** How often the follower was held because of it. */
      holds: v.number(),
      /** For how long it was wanted, and of that followed, s. */
      wantedS: v.number(),
      followedS: v.number(),
    }),
  ),
  /** How often the follower was held. Not told by 0.1. */
  holds: v.optional(v.number()),
  /** What the recorder of this pair says of itself; there while one is. Not told by 0.1. */
  recording: v.optional(recordingSchema),
  arms: v.object({ leader: armSchema, follower: armSchema }),
  /** What was raised and not cleared. */
  activeAlarms: v.array(v.object({ code: v.string(), message: v.string() })),
  /** The last ten events, the oldest first. */
  events: v.array(v.object(event)),
});

/** What a service says of itself. */
export type Status = v.InferOutput<typeof statusSchema>;

/** One arm of it. */
export type ArmStatus = v.InferOutput<typeof armSchema>;

/** One joint of that. */
export type JointStatus = v.InferOutput<typeof jointSchema>;

const steps = v.array(v.nullable(v.number()));

/** Checks a sample. */
export const sampleSchema = v.object({
  /** Of CLOCK_MONOTONIC, µs. */
  timeUs: v.number(),
  state: v.picklist(states),
  /** In steps, in the joints' order; null where unknown. */
  leader: steps,
  goals: steps,
  follower: steps,
  /** Samples that this client has lost since it asked for them, because it was too slow. */
  lost: v.number(),
  /**
   * When all of the follower's positions were asked for, µs as above; null where that is not known, or one was asked again
   * since. Not told by 0.1.
   */
  followerUs: v.optional(v.nullable(v.number()), null),
  /** Where `perSecond` was asked for: its place on that grid, from 0. */
  frame: v.optional(v.number()),
});

/** What was read and written in one tick. */
export type ApiSample = v.InferOutput<typeof sampleSchema>;

/** What the network's client has heard of a leader: all that a follower must know of it, or why nothing is heard. */
export type HeardOfLeader = Pick<Extract<ControlRequest, { do: "heard" }>, "arm" | "trouble" | "others">;

const networkSchema = v.object({
  /** The leader of another machine whose samples are wanted: `desk/main`; null for none. */
  wanted: v.nullable(v.string()),
  /** Without a good sample for so long, the follower holds: then another leader of that name may be followed, too. */
  holdAfterMs: v.optional(v.number(), 250),
  /** The leader of this pair while its samples go out; null while they do not. */
  leader: v.nullable(leaderArmSchema),
});

/** What the network's client is told of a pair. */
export type PairNetwork = v.InferOutput<typeof networkSchema>;

const driveSchema = v.object({
  /** Whether its targets move the follower; "holding" before the first one, too. After "over" the connection ends. */
  is: v.picklist(["driving", "holding", "over"]),
  /** Under which its targets come. */
  epoch: v.string(),
  state: v.picklist(states),
  /** A sentence for a person. */
  why: v.string(),
});

/** How a drive is, for its client. */
export type DriveState = v.InferOutput<typeof driveSchema>;

const armOfPairSchema = v.object({
  id: v.string(),
  /** As in `leader` of a network; null while it is not known. */
  joints: v.nullable(armNumbers),
});

const armsSchema = v.object({
  normalisation: v.picklist(["range", "degrees"]),
  rateHz: v.number(),
  /** The leader that is followed, wherever it is. */
  leader: armOfPairSchema,
  follower: armOfPairSchema,
});

/** What the arms of a pair are, with the numbers of their calibrations. */
export type PairArms = v.InferOutput<typeof armsSchema>;

/** Checks a reply. */
export const replySchema = v.union([
  v.object({
    v: version,
    ok: v.literal(true),
    status: v.optional(statusSchema),
    sample: v.optional(sampleSchema),
    events: v.optional(v.array(numberedEventSchema)),
    arms: v.optional(armsSchema),
    /** Both ports are free. Of the follower: not all its servos have answered, or each was seen without torque. */
    lent: v.optional(v.object({ torque: v.picklist(["off", "unknown"]) })),
    /** The arms are to be given back within a second: somebody has asked for this. */
    recalled: v.optional(v.string()),
    /** For the network's client. */
    network: v.optional(networkSchema),
    /** For who drives. */
    drive: v.optional(driveSchema),
    /** For a recorder: somebody orders this. */
    order: v.optional(v.object({ do: v.picklist(ORDERS) })),
  }),
  v.object({ v: v.number(), ok: v.literal(false), error: v.string() }),
]);

/** A reply. */
export type ControlReply = v.InferOutput<typeof replySchema>;
