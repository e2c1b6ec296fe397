/** Asking root's helper. Whoever asks gets on without it: it may not be installed, or not be this user's to ask. */
import * as v from "valibot";
import { LineClient } from "../linux/sockets/line-client.ts";
import {
  HELPER_SOCKET,
  HELPER_VERSION,
  type HelperReply,
  type HelperRequest,
  helperReplySchema,
} from "./protocol.ts";

/** It answers within ms; the first time systemd starts it, which takes a second on a Pi. */
const PATIENCE_MS = 3_000;
/** No reply is so long. */
const LONGEST_REPLY_BYTES = 65_536;

/** Asks the helper; undefined where there is none, it refuses, or it does not answer in time. Never rejects. */
export async function askHelper(
  request: Omit<HelperRequest, "v">,
  socketPath = HELPER_SOCKET,
): Promise<Extract<HelperReply, { ok: true }> | undefined> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  const line = `${JSON.stringify({ v: HELPER_VERSION, ...request })}\n`;
  let client: LineClient | undefined;
  try {
    client = await LineClient.ask(socketPath, line, LONGEST_REPLY_BYTES, deadlineMs);
    return parse((await client.next(deadlineMs)) ?? "");
  } catch {
    return undefined;
  } finally {
    client?.close();
  }
}

function parse(text: string): Extract<HelperReply, { ok: true }> | undefined {
  try {
    const reply = v.parse(helperReplySchema, JSON.parse(text));
    return reply.ok ? reply : undefined;
  } catch {
    return undefined;
  }
}
