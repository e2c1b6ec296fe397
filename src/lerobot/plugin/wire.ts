/**
 * What is spoken with LeRobot's plugin, one JSON object a message: samples on one port, to whoever listens; requests and
 * their replies on the next. Fields are only ever added: who reads ignores what it does not know. packaging/doc/lerobot.md
 * has it for others.
 */
import * as v from "valibot";
import type { NormalisationMode } from "../../arm/calibration/normalisation.ts";
import { JOINT_COUNT } from "../../arm/joints.ts";
import type { FedSample } from "../feed.ts";

/** The version of the wire: a request of another is refused with this number. */
export const WIRE_VERSION = 1;
/** Where samples are handed out, unless something else is configured. Requests are taken at the next port. */
export const SAMPLE_PORT = 5557;
/** A request is not longer. */
export const LONGEST_REQUEST_BYTES = 1_024;

const version = v.literal(WIRE_VERSION);
/** Comes back with the reply. */
const number = v.pipe(v.number(), v.safeInteger());
const figure = v.pipe(v.number(), v.finite());
const release = v.pipe(v.string(), v.maxLength(64));

const requestSchema = v.variant("do", [
  /** Who is there, and what fits. A client that was refused may drive again from here, unless it only looks again. */
  v.object({
    v: version,
    do: v.literal("hello"),
    number,
    plugin: release,
    lerobot: release,
    again: v.optional(v.boolean(), false),
  }),
  /** The follower's next positions; `seen` is the time of the newest sample that the client had when it sent this. */
  v.object({
    v: version,
    do: v.literal("drive"),
    number,
    target: v.pipe(v.array(figure), v.length(JOINT_COUNT)),
    seen: figure,
  }),
  /** The client drives no more. */
  v.object({ v: version, do: v.literal("end"), number }),
]);

/** A request. */
export type PluginRequest = v.InferOutput<typeof requestSchema>;

/** A request that is none, or of another version: what is known of it. */
export type NoRequest =
  | { readonly kind: "other version"; readonly version: number; readonly number: number }
  | { readonly kind: "none"; readonly number: number };

const head = v.object({ v: v.number(), number: v.optional(number, 0) });

/** A request out of a message's bytes. Throws nothing. */
export function requestIn(message: Uint8Array): PluginRequest | NoRequest {
  const content = jsonIn(message);
  const { success, output } = v.safeParse(requestSchema, content);
  if (success) return output;
  const { success: hasHead, output: known } = v.safeParse(head, content);
  if (!hasHead) return { kind: "none", number: 0 };
  const isOther = known.v !== WIRE_VERSION;
  return isOther
    ? { kind: "other version", version: known.v, number: known.number }
    : { kind: "none", number: known.number };
}

function jsonIn(message: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(message));
  } catch {
    return undefined;
  }
}

/** What a client is told that asks who is there. */
export interface Hello {
  /** The program's version. */
  readonly program: string;
  /** Another one whenever the program was started again: times of samples begin anew then. */
  readonly run: string;
  readonly units: NormalisationMode;
  readonly rateHz: number;
  readonly leader: string;
  readonly follower: string;
  readonly state: string;
  /** Why it is in that state, for a person. */
  readonly why: string;
  /** What may be wrong with it, for a person. */
  readonly warnings: readonly string[];
  /** CLOCK_MONOTONIC, µs. */
  readonly timeUs: number;
}

/** What becomes of a client's targets. */
export interface Driven {
  readonly drive: "driving" | "holding" | "late";
  /** The pair's, where a target was taken. */
  readonly state: string;
  /** Why it is so, for a person. */
  readonly why: string;
}

/** A reply. */
export type PluginReply =
  | { readonly ok: true; readonly number: number; readonly end?: true }
  | ({ readonly ok: true; readonly number: number } & (Hello | Driven))
  | { readonly ok: false; readonly number: number; readonly error: string };

/** A sample, as it is handed out. */
export interface PluginSample extends FedSample {
  readonly run: string;
}

/** The bytes of what is sent. */
export function bytesOf(message: PluginReply | PluginSample): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ v: WIRE_VERSION, ...message }));
}
