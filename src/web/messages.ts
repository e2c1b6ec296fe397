/** What the page and its server tell each other: one JSON object a message. Fields are only ever added. */
import * as v from "valibot";
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
  leader: perJoint,
  follower: perJoint,
});

/** What a pair's service says of itself. */
const statusMessage = v.object({ kind: v.literal("status"), pair: v.string(), status: statusSchema });

/** Why a pair's service says nothing, and what to do, in words. */
const absentMessage = v.object({ kind: v.literal("absent"), pair: v.string(), why: v.string() });

/** That somebody shows at the leader that he is beside the arms, and what is asked of him; null when it is over. */
const claimMessage = v.object({
  kind: v.literal("claim"),
  pair: v.string(),
  text: v.nullable(v.string()),
  /** How much of it is done, 0 to 1. */
  progress: v.number(),
});

/** The first message of a connection: what there is. */
const helloMessage = v.object({
  kind: v.literal("hello"),
  machine: v.string(),
  program: v.string(),
  pairs: v.array(v.string()),
  /** Whether this page is claimed: may make arms move. */
  isClaimed: v.boolean(),
  /** This connection's own id, which a page gives with what moves an arm for as long as it is there. */
  page: v.string(),
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
]);

/** What the page is sent. */
export type PageMessage = v.InferOutput<typeof pageMessageSchema>;

/** How both arms stand. */
export type SampleMessage = v.InferOutput<typeof sampleMessage>;

/** What comes of a button: `text` is for the person. */
export const actionReplySchema = v.object({ done: v.boolean(), text: v.string() });

/** What comes of a button. */
export type ActionReply = v.InferOutput<typeof actionReplySchema>;
