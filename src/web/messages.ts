/** What the page and its server tell each other: one JSON object a message. Fields are only ever added. */
import * as v from "valibot";
import type { ApiProblem } from "../api/client.ts";
import { statusSchema } from "../api/protocol.ts";
import { JOINTS } from "../arm/joints.ts";
import { pictureMessage, workMessage } from "./work/messages.ts";

/** What may be asked of a pair with a button. */
export const actions = ["pause", "release", "resume"] as const;

/** One of them. */
export type Action = (typeof actions)[number];

const nullableFigure = v.nullable(v.number());
const perJoint = v.pipe(v.array(nullableFigure), v.length(JOINTS.length));

/** How both arms stand, by joint in their order: degrees from the middle of the range; of the gripper 0 to 1. */
const sampleMessage = v.object({
  kind: v.literal("sample"),
  pair: v.string(),
  /** When the joints were read: of the machine's CLOCK_MONOTONIC, µs. */
  timeUs: v.number(),
  leader: perJoint,
  follower: perJoint,
});

/** What a pair's service says of itself. */
const statusMessage = v.object({ kind: v.literal("status"), pair: v.string(), status: statusSchema });

/** Why a pair's service says nothing, and what to do, in words. */
const absentMessage = v.object({
  kind: v.literal("absent"),
  pair: v.string(),
  /** "failed" is whatever has no name. */
  because: v.picklist([
    "not running",
    "ended",
    "silent",
    "denied",
    "unknown",
    "refused",
    "failed",
  ] as const satisfies readonly (ApiProblem["kind"] | "failed")[]),
  why: v.string(),
});

/** That somebody shows that he is beside the arms, and what is asked of him; null when it is over. */
const claimMessage = v.object({
  kind: v.literal("claim"),
  /** At whose leader; null where a board shows it. */
  pair: v.nullable(v.string()),
  text: v.nullable(v.string()),
  /** How much of it is done, 0 to 1. */
  progress: v.number(),
});

/** Something of the fleet has changed: who shows it asks what. */
const fleetMessage = v.object({ kind: v.literal("fleet"), change: v.number() });

/** The first message of a connection: what there is. */
const helloMessage = v.object({
  kind: v.literal("hello"),
  machine: v.string(),
  program: v.string(),
  /** The path of the page's script that the server has: a page that runs another is of another version. */
  script: v.string(),
  pairs: v.array(v.string()),
  /** Whether this page is claimed: may make arms move. */
  isClaimed: v.boolean(),
  /** This connection's own id, which a page gives with what moves an arm for as long as it is there. */
  page: v.string(),
  /** Whether this page may see how the arms are. */
  mayRead: v.boolean(),
  /** Whether this machine hears of others, over a broker. */
  hasFleet: v.boolean(),
});

/** Checks what the page is sent. */
export const pageMessageSchema = v.variant("kind", [
  sampleMessage,
  statusMessage,
  absentMessage,
  claimMessage,
  helloMessage,
  workMessage,
  pictureMessage,
  fleetMessage,
]);

/** What the page is sent. */
export type PageMessage = v.InferOutput<typeof pageMessageSchema>;

/** How both arms stand. */
export type SampleMessage = v.InferOutput<typeof sampleMessage>;

/** What comes of a button: `text` is for the person. */
export const actionReplySchema = v.object({ done: v.boolean(), text: v.string() });

/** What comes of a button. */
export type ActionReply = v.InferOutput<typeof actionReplySchema>;

/** A page that is claimed, as it is listed. */
export const listedClaimSchema = v.object({
  id: v.string(),
  /** How its browser calls itself. */
  name: v.string(),
  claimedAtMs: v.number(),
  /** Whether it is the page that asks. */
  isThis: v.boolean(),
});

/** A page that is claimed. */
export type ListedClaim = v.InferOutput<typeof listedClaimSchema>;
