/**
 * The fleet's list as the network's client hands it to programs of this machine, which so need neither that network nor a
 * certificate: on a Unix socket, JSON, a line each. Who connects says `{"v": 1, "do": "fleet"}`, is told all pairs, then
 * what changes, at most four times a second, and at least every two seconds that nothing has. Fields are only ever added.
 */
import * as v from "valibot";
import type { FleetPair, Presence } from "../fleet/watch.ts";

/** The version of these lines. */
export const LIST_VERSION = 1;

/** What is said to be told the list; with its line's end. */
export const LIST_REQUEST = `${JSON.stringify({ v: LIST_VERSION, do: "fleet" })}\n`;

/** No line of the list is longer: of many pairs there are several. */
export const LONGEST_LIST_LINE_BYTES = 131_072;

/** When nothing has changed, it is said so often that nothing has. */
export const LIST_BEAT_MS = 2_000;

/** Of a pair's alarms the first are listed, in so many characters, and how many there are. */
const MOST_ALARMS_LISTED = 3;
const MOST_CHARACTERS = 200;

const presences = ["online", "stale", "offline", "other version"] as const satisfies readonly Presence[];

const rowSchema = v.object({
  /** `desk/main`. */
  name: v.string(),
  presence: v.picklist(presences),
  /** When it was heard of last, by this machine's clock; null of one that is online. */
  heardAt: v.nullable(v.string()),
  /** Of one that is offline: `stopped` or `lost`. */
  gone: v.nullable(v.string()),
  program: v.string(),
  /** Null while the pair's service does not run, or nothing is known of it. */
  state: v.nullable(v.string()),
  mode: v.nullable(v.string()),
  /** By that machine's clock. */
  since: v.nullable(v.string()),
  why: v.string(),
  armsHere: v.string(),
  /** Whose leader its follower follows: `desk/main` of another machine, "local", or null where that is unknown. */
  driver: v.nullable(v.string()),
  alarms: v.array(v.string()),
  alarmCount: v.number(),
});

/** A pair of a machine, as far as the list shows it: none of what changes all the time. */
export type FleetRow = v.InferOutput<typeof rowSchema>;

const updateSchema = v.object({
  v: v.literal(LIST_VERSION),
  /** This machine's name at the broker. */
  machine: v.string(),
  /** Why nothing new is heard of the fleet, in words; null while the broker is. */
  trouble: v.nullable(v.string()),
  /** Whether what was told before is to be forgotten. */
  isAnew: v.boolean(),
  /** Whether nothing is missing after this: more lines follow at once where not. */
  isWhole: v.boolean(),
  pairs: v.array(rowSchema),
  /** The names of pairs that are no more. */
  removed: v.array(v.string()),
});

/** A line of the list. */
export type FleetUpdate = v.InferOutput<typeof updateSchema>;

/** Reads a line; undefined for anything that is none. */
export function readUpdate(line: string): FleetUpdate | undefined {
  try {
    const result = v.safeParse(updateSchema, JSON.parse(line));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}

/** What the list shows of a pair. */
export function rowOf({ name, presence, heardAt, gone, status }: FleetPair): FleetRow {
  const driver = status?.driver ?? null;
  return {
    ...{ name, presence, gone },
    heardAt: presence === "online" ? null : heardAt,
    program: status?.program ?? "",
    state: status?.state ?? null,
    mode: status?.mode ?? null,
    since: status?.since ?? null,
    why: shortened(status?.why ?? ""),
    armsHere: status?.armsHere ?? "both",
    driver: driver && (driver.source === "local leader" ? "local" : driver.leader),
    alarms: (status?.alarms ?? []).slice(0, MOST_ALARMS_LISTED).map(({ message }) => shortened(message)),
    alarmCount: status?.alarms.length ?? 0,
  };
}

function shortened(text: string): string {
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS - 1)}…` : text;
}
