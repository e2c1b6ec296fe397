/** Asking the machine to begin a work, and what a person says in it. None of these rejects: the reply says what came of it. */
import type { Role } from "../../../arm/joints.ts";
import type { ActionReply } from "../../messages.ts";
import type { GivenOrder } from "../../work/orders.ts";
import { pathOf } from "../pair-path.ts";
import { post, send } from "../post.ts";
import { pageId } from "./works.ts";

/** A calibration has 900 bytes; no more than this is taken. */
const LARGEST_FILE_BYTES = 65_536;

/** What a page asks for; what moves an arm gets the page's own id by itself. */
export type AskedWork = GivenOrder extends infer One
  ? One extends GivenOrder
    ? Omit<One, "page">
    : never
  : never;

/**
 * Begins a work with a pair: `startWork(pair, { what: "calibrate", arm: "leader" })`. What goes on then is seen by
 * `useWork(pair)`, and drawn by `Conversation`.
 */
export function startWork(pair: string, order: AskedWork): Promise<ActionReply> {
  return post(pathOf(pair, "work"), order.what === "park" ? { ...order, page: pageId() } : order);
}

/** Begins to take over a file that was picked or dropped as an arm's calibration. */
export function startImport(pair: string, arm: Role, file: File): Promise<ActionReply> {
  return sendFile(pair, "work/import", arm, file);
}

/** Hands over the file that the work which goes on waits for. */
export function handFile(pair: string, arm: Role, file: File): Promise<ActionReply> {
  return sendFile(pair, "set-up/file", arm, file);
}

async function sendFile(pair: string, path: string, arm: Role, file: File): Promise<ActionReply> {
  if (file.size > LARGEST_FILE_BYTES) {
    const kB = Math.ceil(file.size / 1_000);
    return {
      done: false,
      text: `${file.name} is no calibration file: it has ${kB} kB, and one has about 1 kB.`,
    };
  }
  const query = new URLSearchParams({ arm, name: file.name.slice(-255) || "the file" });
  // Whatever the file is called: that it is JSON is what is asked for.
  return send(`${pathOf(pair, path)}?${query}`, file, { "content-type": "application/json" });
}

/** Begins to set a pair up, or goes on with it. */
export function startSetUp(pair: string): Promise<ActionReply> {
  return post(pathOf(pair, "set-up/begin"), {});
}

/** Begins to name a pair's boards, by a motion of the leader or by pulling its cable. */
export function startNaming(pair: string, way: "move" | "unplug"): Promise<ActionReply> {
  return post(pathOf(pair, "set-up/names"), { way });
}

/** Answers what is asked in the work of a pair, or of the machine (null). */
export function answerWork(pair: string | null, question: number, value: boolean | string) {
  return post(pathOf(pair, "work/answer"), { question, value });
}

/** Ends it early. */
export function cancelWork(pair: string | null): Promise<ActionReply> {
  return post(pathOf(pair, "work/cancel"), {});
}
