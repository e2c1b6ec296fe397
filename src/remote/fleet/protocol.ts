/**
 * What the fleet's messages say, by topic: JSON of version 1, documented for people in packaging/doc/fleet.md. Fields are
 * only ever added: who reads ignores what he does not know. What comes from a broker may be anybody's: everything is of a
 * bounded length here, and what cannot be understood is told as a reason, never thrown.
 */
import * as v from "valibot";

/** The version of these messages. */
export const FLEET_VERSION = 1 as const;

/** No message of the fleet is longer; what is, is not looked into. */
export const LONGEST_MESSAGE_BYTES = 16_384;

/** So many alarms are told; a pair has a few at most. */
export const MOST_ALARMS = 20;

/** Text in which others have a say: cut, not refused, so that one long name does not hide a machine. */
const text = (most: number) =>
  v.pipe(
    v.string(),
    v.transform((whole) => (whole.length > most ? `${whole.slice(0, most - 1)}…` : whole)),
  );
const word = text(64);
const sentence = text(500);
const time = v.pipe(
  v.string(),
  v.maxLength(40),
  v.check((told) => !Number.isNaN(Date.parse(told))),
);
const figure = v.pipe(v.number(), v.finite());
const figureOrNone = v.optional(v.nullable(figure), null);

const alarmSchema = v.object({ code: text(100), message: sentence });

/** Checks what a pair says while its machine is there. */
export const onlineSchema = v.object({
  v: v.literal(FLEET_VERSION),
  online: v.literal(true),
  /** Random, of the process that speaks: two that speak for one pair are two machines of one name. */
  instance: word,
  /** When this was said, by that machine's clock. */
  time,
  /** The program's version. */
  program: v.optional(word, ""),
  /** When the pair's service was started, by that machine's clock; null while it does not run. */
  startedAt: v.optional(v.nullable(time), null),
  /** `following` and so on; null while its service does not run. Of a newer program it may be a word nobody here knows. */
  state: v.optional(v.nullable(word), null),
  since: v.optional(v.nullable(time), null),
  why: v.optional(sentence, ""),
  /** `running`, `paused`, `released` or `lent`. */
  mode: v.optional(v.nullable(word), null),
  armsHere: v.optional(word, "both"),
  /** Who gives the follower its targets: `leader` is `desk/main` of a leader of another machine, else null. */
  driver: v.optional(
    v.nullable(v.object({ source: word, leader: v.optional(v.nullable(text(140)), null), since: time })),
    null,
  ),
  rateHz: figureOrNone,
  configuredRateHz: figureOrNone,
  /** The warmest servo of the follower, °C. */
  temperatureC: figureOrNone,
  /** What comes of the leader of another machine, since the service started; null while none is followed. */
  remote: v.optional(
    v.nullable(
      v.object({
        leader: text(140),
        delayMs: v.object({ p50: figureOrNone, p99: figureOrNone }),
        longestGapMs: v.optional(figure, 0),
        /** Samples that never came, or came too late to be acted upon. */
        dropped: v.optional(figure, 0),
        holds: v.optional(figure, 0),
        wantedS: v.optional(figure, 0),
        followedS: v.optional(figure, 0),
      }),
    ),
    null,
  ),
  alarms: v.optional(
    v.pipe(
      v.array(v.unknown()),
      v.transform((alarms) => alarms.slice(0, MOST_ALARMS)),
      v.array(alarmSchema),
    ),
    [],
  ),
  /** Whether the pair obeys commands that come over the network. */
  takesCommands: v.optional(v.boolean(), false),
});

/** What a pair says while its machine is there. */
export type FleetStatus = v.InferOutput<typeof onlineSchema>;

/** Checks what is said of a pair that is not there. */
export const offlineSchema = v.object({
  v: v.literal(FLEET_VERSION),
  online: v.literal(false),
  instance: v.optional(word, ""),
  /** `stopped` of a client that ended; `lost` is what the broker says of one that is gone without a word. */
  why: v.optional(word, "lost"),
});

/** What is said of a pair that is not there. */
export type FleetFarewell = v.InferOutput<typeof offlineSchema>;

const statusSchema = v.variant("online", [onlineSchema, offlineSchema]);

/** Checks an event. */
export const eventSchema = v.object({
  v: v.literal(FLEET_VERSION),
  /** When the service was started: with `number` it says which event this is, however often it is sent. */
  startedAt: time,
  /** From 1, since the service was started. */
  number: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  time,
  code: text(100),
  severity: v.fallback(v.picklist(["info", "warning", "fault"]), "info"),
  message: sentence,
});

/** Something that happened. */
export type FleetEvent = v.InferOutput<typeof eventSchema>;

/** What may be asked for over the network. */
export const FLEET_COMMANDS = ["pause", "release", "resume"] as const;

/** One of them. */
export type FleetCommand = (typeof FLEET_COMMANDS)[number];

/** Checks a command. */
export const commandSchema = v.object({ v: v.literal(FLEET_VERSION), do: v.picklist(FLEET_COMMANDS) });

/** What became of a command, for the topic that its publisher has named for it. */
export type FleetReply =
  | { readonly v: typeof FLEET_VERSION; readonly ok: true; readonly do: FleetCommand }
  | {
      readonly v: typeof FLEET_VERSION;
      readonly ok: false;
      readonly do?: FleetCommand;
      readonly error: string;
    };

/** What a message says, or why it is not understood. */
export type Reading<T> =
  | { readonly is: "read"; readonly read: T }
  /** Of this version, which nobody here knows. */
  | { readonly is: "other version"; readonly version: number }
  | { readonly is: "rubbish" };

/** Reads a message of a status topic. */
export const readStatus = (payload: Uint8Array): Reading<FleetStatus | FleetFarewell> =>
  read(statusSchema, payload);

/** Reads a message of an events topic. */
export const readEvent = (payload: Uint8Array): Reading<FleetEvent> => read(eventSchema, payload);

/** Reads a message of a command topic. */
export const readCommand = (payload: Uint8Array): Reading<{ readonly do: FleetCommand }> =>
  read(commandSchema, payload);

const anyVersion = v.object({ v: v.pipe(v.number(), v.safeInteger(), v.minValue(0)) });

function read<T>(schema: v.GenericSchema<unknown, T>, payload: Uint8Array): Reading<T> {
  const value = jsonOf(payload);
  const result = v.safeParse(schema, value);
  if (result.success) return { is: "read", read: result.output };
  const other = v.safeParse(anyVersion, value);
  return other.success && other.output.v !== FLEET_VERSION
    ? { is: "other version", version: other.output.v }
    : { is: "rubbish" };
}

/** The value that JSON's text in UTF-8 stands for; undefined for anything else, or what is too long. */
function jsonOf(payload: Uint8Array): unknown {
  if (payload.length > LONGEST_MESSAGE_BYTES) return undefined;
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
  } catch {
    return undefined;
  }
}
