/** What a network's link does to packets, as data. */
import * as v from "valibot";

const milliseconds = v.pipe(v.number(), v.minValue(0), v.maxValue(60_000));

/**
 * One direction of a link. Packets are never reordered, as on one hop. What is lost is lost in bursts of time, not of
 * packets: radios fade for a while, and a lone retransmission after that arrives.
 */
const conditionsSchema = v.strictObject({
  /** The least that a packet takes. */
  delayMs: milliseconds,
  /** Up to so much more, at random. */
  jitterMs: v.optional(milliseconds, 0),
  /** The share of all time in which nothing gets through, 0 … 0.9. */
  loss: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(0.9)), 0),
  /** How long such a spell lasts in the mean. */
  burstMs: v.optional(v.pipe(milliseconds, v.minValue(0.1)), 10),
  /** Nothing gets through at all. */
  isCut: v.optional(v.boolean(), false),
});

/** What a direction of a link is to be like; what is left out it does not do to packets. */
export type Conditions = Readonly<v.InferInput<typeof conditionsSchema>>;
/** The same with every field. */
export type AllConditions = Readonly<v.InferOutput<typeof conditionsSchema>>;

/** Both directions, from end a to end b and back. */
export const ordersSchema = v.strictObject({ ab: conditionsSchema, ba: conditionsSchema });
/** Both directions, from end a to end b and back. */
export type Orders = Readonly<v.InferInput<typeof ordersSchema>>;

/** What one direction has done so far, in packets. */
export interface Carried {
  readonly carried: number;
  /** By bursts of loss, by a cut, and because too many were under way. */
  readonly lost: number;
}

/** What a link says when it has done as it was told. */
export interface Report {
  /** When, µs of `nowUs`: one clock for all namespaces. */
  readonly atUs: number;
  readonly ab: Carried;
  readonly ba: Carried;
}

/** The links that everything is measured on, the same both ways. */
export const PROFILES = {
  "clean Wi-Fi": { delayMs: 1.5, jitterMs: 2 },
  "lossy Wi-Fi": { delayMs: 2, jitterMs: 6, loss: 0.02, burstMs: 15 },
  Internet: { delayMs: 25, jitterMs: 10, loss: 0.01, burstMs: 10 },
} as const satisfies Record<string, Conditions>;

/** The name of one of {@link PROFILES}. */
export type ProfileName = keyof typeof PROFILES;
