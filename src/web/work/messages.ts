/** What pages are told of a work: a workflow of the command line that goes on in the page's own process. */
import * as v from "valibot";
import { JOINTS, ROLES } from "../../arm/joints.ts";

const joint = v.picklist(JOINTS);

/** How a line is meant; an "instruction" says what the person is to do now. */
const lineSchema = v.object({
  tone: v.picklist(["instruction", "info", "done", "warning", "fault"]),
  message: v.string(),
});

/** What is asked. It is answered with its id, so that an answer that comes late answers no other question. */
const questionSchema = v.variant("kind", [
  v.object({
    id: v.number(),
    kind: v.literal("yes or no"),
    text: v.string(),
    /** It is about a probable mistake: its answer is no unless the person means it. */
    isGrave: v.boolean(),
    /** An arm holds while it is asked: it is, for as long as a claimed page is looked at. */
    isHolding: v.boolean(),
  }),
  v.object({
    id: v.number(),
    kind: v.literal("choice"),
    text: v.string(),
    choices: v.array(v.object({ value: v.string(), label: v.string(), hint: v.optional(v.string()) })),
  }),
  /** Said once it is so: `text` completes "when". */
  v.object({ id: v.number(), kind: v.literal("done"), text: v.string() }),
]);

/** As {@link Picture} of the workflows; what is undefined there is left out. */
const pictureSchema = v.variant("kind", [
  v.object({
    kind: v.literal("sweep"),
    joints: v.pipe(
      v.array(
        v.object({
          joint,
          min: v.number(),
          position: v.number(),
          max: v.number(),
          trouble: v.optional(v.picklist(["too little", "passed the seam", "too much", "lost sight"])),
        }),
      ),
      v.readonly(),
    ),
  }),
  v.object({
    kind: v.literal("setup"),
    joints: v.pipe(v.array(v.object({ joint, state: v.picklist(["done", "now", "to do"]) })), v.readonly()),
  }),
]);

const conversationSchema = v.object({
  /** The last ones, the oldest first. */
  lines: v.array(lineSchema),
  question: v.nullable(questionSchema),
  picture: v.nullable(pictureSchema),
  /** What came of it, once it is over; "faults" where it was to find out what is wrong, and did. */
  ended: v.nullable(
    v.object({ outcome: v.picklist(["done", "faults", "failed", "interrupted"]), text: v.string() }),
  ),
});

/** What goes on with a pair, or, of pair null, with the machine; work null when nothing does. */
export const workMessage = v.object({
  kind: v.literal("work"),
  pair: v.nullable(v.string()),
  work: v.nullable(
    v.object({
      id: v.string(),
      /** Which work it is, as it was asked for. */
      what: v.string(),
      arm: v.nullable(v.picklist(ROLES)),
      /** `Calibrating the leader`. */
      title: v.string(),
      /** Whether it moves an arm: then it ends within a second of the page that began it. */
      isDriving: v.boolean(),
      /** Null for pages that are not claimed: they see that something goes on. */
      conversation: v.nullable(conversationSchema),
    }),
  ),
});

/** A picture as it is now, of the work that goes on. */
export const pictureMessage = v.object({
  kind: v.literal("picture"),
  pair: v.nullable(v.string()),
  work: v.string(),
  picture: pictureSchema,
});

/** What a page that is looked at says, four times a second, while an arm moves or holds in a work. */
export const HERE = "here";

/** A work as pages see it. */
export type WorkView = NonNullable<v.InferOutput<typeof workMessage>["work"]>;

/** What is said, asked and shown in a work. */
export type Conversation = v.InferOutput<typeof conversationSchema>;

/** A line of it. */
export type Line = v.InferOutput<typeof lineSchema>;

/** What is asked in it. */
export type Question = v.InferOutput<typeof questionSchema>;

/** What is shown in it. */
export type ShownPicture = v.InferOutput<typeof pictureSchema>;

/** How it ended. */
export type Ending = NonNullable<Conversation["ended"]>;

/** What comes of a work that ran to its end. */
export type Outcome = "done" | "faults";

/** What a work tells pages. */
export type WorkMessage = v.InferOutput<typeof workMessage> | v.InferOutput<typeof pictureMessage>;
