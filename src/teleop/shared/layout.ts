/**
 * The memory that the control thread and the main thread share, declared in one place. The control thread never
 * yields, so nothing else reaches it.
 */

import { ROLES } from "../../arm/joints.ts";
import { ROUND_TRIP_BUCKETS } from "../../feetech/round-trip.ts";
import { LINK_WORDS } from "../remote/link.ts";
import { LONGEST_TROUBLE_BYTES } from "../settings.ts";
import { CLAIM_NAMES_SIZE, CLAIM_WORDS } from "./claims.ts";
import { LATENESS_BUCKETS } from "./lateness.ts";
import { LETTER_WORDS } from "./letter.ts";
import { COMMAND_WORDS, LONGEST_SETTINGS_BYTES, WISH_WORDS } from "./mailbox.ts";
import { ANSWERS_BYTES, QUESTION_WORDS } from "./questions.ts";
import { SAMPLE_WORDS, SAMPLES_KEPT } from "./samples.ts";
import { SESSION_WORDS } from "./session.ts";
import { FIGURE_COUNT } from "./telemetry.ts";

/** What the memory is made of, in order: each a typed array of so many elements, on a border of 8 bytes. */
const sections = {
  /** The state of the mailbox, for `Atomics`. */
  mailbox: [Int32Array, COMMAND_WORDS],
  /** Settings as JSON. */
  settings: [Uint8Array, LONGEST_SETTINGS_BYTES],
  /** What the control thread asks, for `Atomics`, and what it is answered, as JSON. */
  questions: [Int32Array, QUESTION_WORDS],
  answers: [Uint8Array, ANSWERS_BYTES],
  /** How many wishes there were, and which is brought about, for `Atomics`. */
  wishes: [Int32Array, WISH_WORDS],
  /** Which ports another program has, for `Atomics`, and its names. */
  claims: [Int32Array, CLAIM_WORDS],
  claimNames: [Uint8Array, CLAIM_NAMES_SIZE],
  heartbeat: [Int32Array, 1],
  figures: [Float64Array, FIGURE_COUNT],
  lateness: [Uint32Array, LATENESS_BUCKETS + 1],
  /** How often a reply of each arm took how long. */
  roundTrips: [Uint32Array, ROUND_TRIP_BUCKETS * ROLES.length],
  /** How often a sample of another machine's leader was late by how much, beyond the least. */
  remoteDelays: [Uint32Array, ROUND_TRIP_BUCKETS],
  /** The connection to the network's client, for `Atomics`. */
  link: [Int32Array, LINK_WORDS],
  /** Why nothing is heard of a leader of another machine, as JSON, and that text's state, for `Atomics`. */
  troubleState: [Int32Array, LETTER_WORDS],
  trouble: [Uint8Array, LONGEST_TROUBLE_BYTES],
  /** The drive of a client, and the connection on which its targets come, for `Atomics`. */
  session: [Int32Array, SESSION_WORDS],
  targets: [Int32Array, LINK_WORDS],
  /** How many samples there were. */
  sampleCount: [Int32Array, 1],
  sampleTimes: [Float64Array, SAMPLES_KEPT],
  samples: [Int16Array, SAMPLES_KEPT * SAMPLE_WORDS],
  /** When the follower's positions of each were asked for. */
  followerTimes: [Float64Array, SAMPLES_KEPT],
  /** How many record the samples, for `Atomics`. */
  recorders: [Int32Array, 1],
} as const;

type Sections = typeof sections;

/** The shared memory as its parts. */
export type SharedMemory = {
  readonly buffer: SharedArrayBuffer;
} & { readonly [Name in keyof Sections]: InstanceType<Sections[Name][0]> };

type Part = new (buffer: SharedArrayBuffer, offset: number, length: number) => object;

const BORDER = 8;

/** The parts of a memory that the other thread has made, or of a new one, all zeros. */
export function sharedMemory(made?: SharedArrayBuffer): SharedMemory {
  const offsets = new Map<string, number>();
  let size = 0;
  for (const [name, [type, length]] of Object.entries(sections)) {
    offsets.set(name, size);
    size += Math.ceil((type.BYTES_PER_ELEMENT * length) / BORDER) * BORDER;
  }
  const buffer = made ?? new SharedArrayBuffer(size);
  const parts = Object.entries(sections).map(([name, [Type, length]]) => [
    name,
    new (Type as Part)(buffer, offsets.get(name)!, length),
  ]);
  return { buffer, ...Object.fromEntries(parts) };
}
