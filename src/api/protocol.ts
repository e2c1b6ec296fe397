/**
 * What is spoken on a service's control socket: one JSON object a line, each way. A request is
 * `{"v": 1, "do": "status" | "watch" | "samples" | "pause" | "resume" | "release" | "park" | "reload"}`; a reply `{"v": 1, "ok": true, …}` or
 * `{"v": 1, "ok": false, "error": "…"}`. Fields and requests are only ever added: who reads ignores what it does not know.
 */
import * as v from "valibot";
import type { JointName } from "../arm/joints.ts";
import type { Mode, PairState } from "../teleop/state/states.ts";

/** The version of the protocol; a request of another is refused with this number. */
export const PROTOCOL_VERSION = 1;

/** A request is not longer than this, in bytes with its line's end. */
export const LONGEST_REQUEST_BYTES = 1_024;

const version = v.literal(PROTOCOL_VERSION);

/** Checks a request. */
export const requestSchema = v.variant("do", [
  v.strictObject({ v: version, do: v.picklist(["status", "pause", "resume", "release", "park", "reload"]) }),
  /** The status now, and again every so many ms until the client leaves. */
  v.strictObject({
    v: version,
    do: v.literal("watch"),
    everyMs: v.pipe(v.number(), v.integer(), v.minValue(50), v.maxValue(60_000)),
  }),
  /** Every sample of the control loop from now on, at this distance at least, until the client leaves. */
  v.strictObject({
    v: version,
    do: v.literal("samples"),
    everyMs: v.pipe(v.number(), v.integer(), v.minValue(2), v.maxValue(1_000)),
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
] as const satisfies readonly PairState[];
const modes = ["running", "paused", "released"] as const satisfies readonly Mode[];

const severity = v.picklist(["info", "warning", "fault"]);

/** Checks a status. */
export const statusSchema = v.object({
  pair: v.string(),
  pid: v.number(),
  program: v.string(),
  startedAt: v.string(),
  state: v.picklist(states),
  since: v.string(),
  why: v.string(),
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
  configuredRateHz: v.number(),
  rateHz: v.number(),
  ticks: v.number(),
  /** Ticks that came too late for their slot. */
  lateTicks: v.number(),
  latenessUs: v.object({ p50: v.number(), p99: v.number(), p999: v.number(), max: v.number() }),
  alignments: v.number(),
  arms: v.object({ leader: armSchema, follower: armSchema }),
  /** What was raised and not cleared. */
  activeAlarms: v.array(v.object({ code: v.string(), message: v.string() })),
  /** The last ten events, the oldest first. */
  events: v.array(v.object({ time: v.string(), code: v.string(), severity, message: v.string() })),
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
});

/** What was read and written in one tick. */
export type ApiSample = v.InferOutput<typeof sampleSchema>;

/** Checks a reply. */
export const replySchema = v.union([
  v.object({
    v: version,
    ok: v.literal(true),
    status: v.optional(statusSchema),
    sample: v.optional(sampleSchema),
  }),
  v.object({ v: v.number(), ok: v.literal(false), error: v.string() }),
]);

/** A reply. */
export type ControlReply = v.InferOutput<typeof replySchema>;
