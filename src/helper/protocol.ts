/**
 * What is spoken on the socket of root's helper: one request, one reply, each a JSON object on a line. A request is
 * `{"v": 1, "ask": "who has", "port": "/dev/ttyACM1"}`; a reply `{"v": 1, "ok": true, "programs": […]}` or
 * `{"v": 1, "ok": false, "error": "…"}`. What root does for others is a list of few requests, each checked whole here.
 */
import * as v from "valibot";

/** The version of the protocol; a request of another is refused with this number. */
export const HELPER_VERSION = 1;

/** Where systemd listens for the helper: in a folder that is root's alone, so that nobody can answer in its place. */
export const HELPER_SOCKET = "/run/so101-helper.sock";

/** A request is not longer than this, in bytes with its line's end. */
export const LONGEST_HELPER_REQUEST_BYTES = 512;

const version = v.literal(HELPER_VERSION);

/** A serial port by the kernel's own name of it, no link: `/dev/ttyACM1`, `/dev/pts/4`. */
const port = v.pipe(v.string(), v.regex(/^\/dev\/(tty[A-Za-z0-9]{1,32}|pts\/\d{1,7})$/, "not a serial port"));

/** Checks a request. */
export const helperRequestSchema = v.variant("ask", [
  /** Which programs have a serial port open, beside this one. */
  v.strictObject({ v: version, ask: v.literal("who has"), port }),
]);

/** A request. */
export type HelperRequest = v.InferOutput<typeof helperRequestSchema>;

/** Of a name the kernel keeps 15 bytes, each of which takes six characters where it is not seen. */
const LONGEST_NAME = 15 * 6;

const owner = v.object({
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  name: v.exactOptional(v.pipe(v.string(), v.maxLength(LONGEST_NAME))),
});

/** Checks a reply. */
export const helperReplySchema = v.union([
  v.object({ v: version, ok: v.literal(true), programs: v.array(owner) }),
  v.object({ v: v.number(), ok: v.literal(false), error: v.string() }),
]);

/** A reply. */
export type HelperReply = v.InferOutput<typeof helperReplySchema>;
