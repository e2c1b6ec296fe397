/** What may be asked of a running simulation on its control socket, one JSON object a line. */
import * as v from "valibot";
import { type RegisterName, registers } from "../../feetech/registers.ts";
import { ARMS, JOINTS } from "../arm/joints.ts";
import { motionSchema } from "../arm/motion.ts";
import { namesSchema } from "../names.ts";

const arm = v.picklist(ARMS);
const joint = v.picklist(JOINTS);
/** Left out: every joint of the arm. */
const joints = v.optional(joint);
/** So many of the next replies; 0 ends what is left of a fault. */
const count = v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 1);
const steps = v.pipe(v.number(), v.minValue(-32767), v.maxValue(32767));
const word = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffff));
const byte = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xff));
const milliseconds = v.pipe(v.number(), v.minValue(0), v.maxValue(60_000));
const registerNames = Object.keys(registers) as [RegisterName, ...RegisterName[]];

const schemas = [
  /** The board leaves: its pty and its link go. */
  v.strictObject({ do: v.literal("pull"), arm }),
  /** The board is back, on a new pty. Replies with its `path`. */
  v.strictObject({ do: v.literal("plug"), arm }),
  /** Names the boards, as udev does by its rules: by their serial numbers, or their USB sockets where they have none. */
  v.strictObject({ do: v.literal("name"), ...namesSchema.entries }),
  /** Power of the arm or of one servo; `torqueOn`: its firmware comes up with its torque on, and a stale goal. */
  v.strictObject({
    do: v.literal("power"),
    arm,
    joint: joints,
    on: v.boolean(),
    torqueOn: v.optional(v.boolean(), false),
    silentMs: v.optional(milliseconds, 100),
  }),
  /** RAM is lost, after a silence of at most 200 ms on real servos. */
  v.strictObject({
    do: v.literal("brownout"),
    arm,
    joint: joints,
    silentMs: v.optional(milliseconds, 100),
    torqueOn: v.optional(v.boolean(), false),
  }),
  /** So many replies do not come … */
  v.strictObject({ do: v.literal("drop"), arm, joint: joints, count }),
  /** … come with a flipped bit … */
  v.strictObject({ do: v.literal("corrupt"), arm, joint: joints, count }),
  /** … or come late by `us`, outside the order of the line. */
  v.strictObject({
    do: v.literal("delay"),
    arm,
    joint: joints,
    us: v.pipe(v.number(), v.minValue(1), v.maxValue(60e6)),
    count,
  }),
  /** From now on every reply comes later by `ms`, and up to `jitterMs` more at random, in the order of the line; 0 ends it. */
  v.strictObject({
    do: v.literal("slow"),
    arm,
    ms: v.pipe(v.number(), v.minValue(0), v.maxValue(1000)),
    jitterMs: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1000)), 0),
  }),
  /** Bytes on the host's input, hexadecimal or so many random ones: now, or before each of so many replies; 0 ends that. */
  v.strictObject({
    do: v.literal("noise"),
    arm,
    bytes: v.optional(
      v.union([
        v.pipe(v.string(), v.regex(/^([0-9a-f]{2})+$/i, "expected pairs of hexadecimal digits")),
        v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(4096)),
      ]),
      16,
    ),
    beforeReplies: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  }),
  /** One servo neither hears nor answers. */
  v.strictObject({ do: v.literal("silent"), arm, joint, on: v.boolean() }),
  /** A loose lead: it and every servo after it neither hear nor answer. */
  v.strictObject({ do: v.literal("silentFrom"), arm, joint, on: v.boolean() }),
  /** Error bits on every reply, beside those that the servo's condition sets; 0 ends it. */
  v.strictObject({ do: v.literal("error"), arm, joint: joints, bits: byte }),
  /** A servo's surroundings, in the registers' units; null: what comes of the motion again. */
  v.strictObject({
    do: v.literal("set"),
    arm,
    joint: joints,
    /** °C. */
    temperature: v.optional(byte),
    /** As `present_voltage` counts it: 0.1 V. */
    voltage: v.optional(byte),
    /** ‰, signed. */
    load: v.optional(v.nullable(v.pipe(v.number(), v.minValue(-1000), v.maxValue(1000)))),
    /** As `present_current` counts it: 6.5 mA. */
    current: v.optional(v.nullable(word)),
    /** What ends a latched overload: a goal with which it presses no more (or torque off and on), only torque off and on, only a power cycle. */
    overloadCure: v.optional(v.picklist(["goal", "torque", "power"])),
  }),
  /** What a servo's firmware does otherwise than others'. */
  v.strictObject({
    do: v.literal("firmware"),
    arm,
    joint: joints,
    /** EEPROM reads back as zeros for 0.2 s after a write. */
    zerosAfterEepromWrite: v.optional(v.boolean()),
    /** A goal leaves the torque as it is. */
    goalsLeaveTorque: v.optional(v.boolean()),
    /** A goal outside of the position limits becomes the limit. */
    clampsGoals: v.optional(v.boolean()),
    /** No acceleration is higher than the maximum acceleration, which is written with the lock open only. */
    clampsAcceleration: v.optional(v.boolean()),
    /** No acceleration is higher than this. */
    highestAcceleration: v.optional(byte),
  }),
  /** An overload latches now. */
  v.strictObject({ do: v.literal("overload"), arm, joint }),
  /** An obstacle that the joint cannot pass; null takes it away. */
  v.strictObject({ do: v.literal("block"), arm, joint, position: v.nullable(steps) }),
  /** A hand moves a joint at `speed` steps/s; positions beyond 0…4095 cross the seam. One with its torque on must be forced. */
  v.strictObject({
    do: v.literal("push"),
    arm,
    joint,
    position: steps,
    speed: v.optional(v.pipe(v.number(), v.minValue(1)), 1000),
    force: v.optional(v.boolean(), false),
  }),
  /** Puts values into a servo's table, as no request could. */
  v.strictObject({
    do: v.literal("registers"),
    arm,
    joint: joints,
    values: v.strictObject(v.entriesFromList(registerNames, v.optional(v.pipe(v.number(), v.integer())))),
  }),
  /** What a hand does with an arm from now on; one with its torque on it cannot move. */
  v.strictObject({ do: v.literal("motion"), arm: v.optional(arm, "leader"), play: motionSchema }),
  /** Replies with both arms as they are. */
  v.strictObject({ do: v.literal("state") }),
  /** A note in the record. */
  v.strictObject({ do: v.literal("mark"), text: v.string() }),
  /** Replies when the record is on disk up to now. */
  v.strictObject({ do: v.literal("sync") }),
  /** Ends the simulation. */
  v.strictObject({ do: v.literal("quit") }),
] as const;

/** Checks what came on the socket. */
export const requestSchema = v.variant("do", schemas);

/** A request as a client may write it, defaults left out. */
export type SimRequest = v.InferInput<typeof requestSchema>;

/** A request with its defaults in place. */
export type CheckedRequest = v.InferOutput<typeof requestSchema>;
