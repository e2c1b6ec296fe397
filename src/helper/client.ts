/** Asking root's helper. Whoever asks gets on without it: it may not be installed, or not be this user's to ask. */
import { connect } from "node:net";
import * as v from "valibot";
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
export function askHelper(
  request: Omit<HelperRequest, "v">,
  socketPath = HELPER_SOCKET,
): Promise<Extract<HelperReply, { ok: true }> | undefined> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    let text = "";
    const end = (reply?: Extract<HelperReply, { ok: true }>) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(reply);
    };
    const timer = setTimeout(end, PATIENCE_MS);
    socket.on("error", () => end());
    socket.on("close", () => end());
    socket.on("connect", () => socket.write(`${JSON.stringify({ v: HELPER_VERSION, ...request })}\n`));
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("utf8");
      if (text.includes("\n")) end(parse(text));
      else if (text.length > LONGEST_REPLY_BYTES) end();
    });
  });
}

function parse(text: string): Extract<HelperReply, { ok: true }> | undefined {
  try {
    const reply = v.parse(helperReplySchema, JSON.parse(text));
    return reply.ok ? reply : undefined;
  } catch {
    return undefined;
  }
}
