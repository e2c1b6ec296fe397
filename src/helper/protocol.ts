/**
 * What is spoken on the socket of root's helper: one request, one reply, each a JSON object on a line. A request is
 * `{"v": 1, "ask": "who has", "port": "/dev/ttyACM1"}`; a reply `{"v": 1, "ok": true, …}` or
 * `{"v": 1, "ok": false, "error": "…"}`. What root does for others is a list of few requests, each checked whole here.
 */
import * as v from "valibot";
import { withGivenKeys } from "./given-keys.ts";

/** The version of the protocol; a request of another is refused with this number. */
export const HELPER_VERSION = 1;

/** Where systemd listens for the helper: in a folder that is root's alone, so that nobody can answer in its place. */
export const HELPER_SOCKET = "/run/so101-helper.sock";

/** The user of the page's service: beside root the only one who may have something changed. */
export const PAGE_USER = "so101-web";

/** A request is not longer than this, in bytes with its line's end: all keys of a configuration that can be set have less. */
export const LONGEST_HELPER_REQUEST_BYTES = 4_096;

const version = v.literal(HELPER_VERSION);

/** A serial port by the kernel's own name of it, no link: `/dev/ttyACM1`, `/dev/pts/4`. */
const port = v.pipe(v.string(), v.regex(/^\/dev\/(tty[A-Za-z0-9]{1,32}|pts\/\d{1,7})$/, "not a serial port"));

/** What a pair may be called; whether there is one, the configuration knows. */
const pair = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9_-]{0,63}$/i, "not the name of a pair"));

/** A board by the port that it has just now, and by its serial number, which it must still have; without one it must have none. */
const board = v.strictObject({
  port,
  serial: v.exactOptional(v.pipe(v.string(), v.maxLength(256, "not a serial number"))),
});

/** `teleoperation.rate_hz`, `follower.gains.elbow_flex.p`: which of them may be set, the configuration knows. */
const key = v.pipe(v.string(), v.regex(/^[a-z_]{1,40}(\.[a-z_]{1,40}){0,3}$/, "not a key"));

const keyValue = v.union(
  [v.pipe(v.string(), v.maxLength(64)), v.pipe(v.number(), v.finite("not a value")), v.boolean()],
  "not a value",
);

/** The SHA-256 of a file's text. */
const digest = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "not a digest"));

/** Checks a request. */
export const helperRequestSchema = v.variant("ask", [
  /** Which programs have a serial port open, beside this one. */
  v.strictObject({ v: version, ask: v.literal("who has"), port }),
  /** Which boards are a pair's arms from now on: udev gives them their names. A further pair gets its configuration file. */
  v.strictObject({ v: version, ask: v.literal("name boards"), pair, leader: board, follower: board }),
  /** Sets keys of a pair's configuration file, if it is the one that was `seen`; all of them, or none. */
  v.strictObject({
    v: version,
    ask: v.literal("set"),
    pair,
    keys: v.pipe(withGivenKeys, v.record(key, keyValue)),
    seen: v.exactOptional(digest),
  }),
  /** Has a pair's service run, now and from each boot on. */
  v.strictObject({ v: version, ask: v.literal("enable"), pair }),
]);

/** A request. */
export type HelperRequest = v.InferOutput<typeof helperRequestSchema>;

/** What can be asked. */
export type HelperAsk = HelperRequest["ask"];

/** The request of a kind, without its version. */
export type RequestFor<Ask extends HelperAsk> = { readonly ask: Ask } & Omit<
  Extract<HelperRequest, { ask: Ask }>,
  "v" | "ask"
>;

/** Of a name the kernel keeps 15 bytes, each of which takes six characters where it is not seen. */
const LONGEST_NAME = 15 * 6;

const owner = v.object({
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  name: v.exactOptional(v.pipe(v.string(), v.maxLength(LONGEST_NAME))),
});

const done = { v: version, ok: v.literal(true) } as const;

/** Checks what is answered to each request that could be done. */
export const helperAnswerSchemas = {
  "who has": v.object({ ...done, programs: v.array(owner) }),
  "name boards": v.object({
    ...done,
    /** False where the rules said so already. */
    isWritten: v.boolean(),
    /** Whether the pair got a configuration file by this. */
    isPairMade: v.boolean(),
    /** False where udev does not run: the names will be there once the machine has booted. */
    isApplied: v.boolean(),
  }),
  /** `isChanged` is false where the file said so already. */
  set: v.object({ ...done, isChanged: v.boolean() }),
  enable: v.object(done),
} as const satisfies Record<HelperAsk, v.GenericSchema>;

/** What is answered to a request that could be done. */
export type AnswerTo<Ask extends HelperAsk> = v.InferOutput<(typeof helperAnswerSchemas)[Ask]>;

/** Checks the answer to a request that was refused, or could not be done: why, for a person. */
export const helperRefusalSchema = v.object({
  v: v.number(),
  ok: v.literal(false),
  error: v.pipe(v.string(), v.maxLength(4_096)),
});

/** A reply. */
export type HelperReply = AnswerTo<HelperAsk> | v.InferOutput<typeof helperRefusalSchema>;
