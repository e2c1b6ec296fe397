/** Asking root's helper: it may not be installed, or not be this user's to ask. */
import * as v from "valibot";
import { LineClient } from "../linux/sockets/line-client.ts";
import { visible } from "../linux/text/visible.ts";
import {
  type AnswerTo,
  HELPER_SOCKET,
  HELPER_VERSION,
  type HelperAsk,
  helperAnswerSchemas,
  helperRefusalSchema,
  type RequestFor,
} from "./protocol.ts";

/** It answers within ms; the first time systemd starts it, which takes a second on a Pi. */
const PATIENCE_MS = 3_000;
/** What changes something waits for udev, or for a service to stop and to start. */
const CHANGE_PATIENCE_MS = 60_000;
/** No reply is so long. */
const LONGEST_REPLY_BYTES = 65_536;

/** Root's helper has refused, could not do what it was asked, or is not there. The message says why, and what to do. */
export class HelperError extends Error {
  override readonly name = "HelperError";
}

/** Asks the helper; undefined where there is none, it refuses, or it does not answer in time. Never rejects. */
export async function askHelper<Ask extends HelperAsk>(
  request: RequestFor<Ask>,
  socketPath = HELPER_SOCKET,
): Promise<AnswerTo<Ask> | undefined> {
  return answerOf(request, socketPath, PATIENCE_MS).catch(() => undefined);
}

/** Has the helper do something. Rejects with {@link HelperError}, in the helper's words where it has answered. */
export async function haveHelper<Ask extends HelperAsk>(
  request: RequestFor<Ask>,
  socketPath = HELPER_SOCKET,
): Promise<AnswerTo<Ask>> {
  try {
    return await answerOf(request, socketPath, CHANGE_PATIENCE_MS);
  } catch (cause) {
    if (cause instanceof HelperError) throw cause;
    throw new HelperError(
      "root's helper does not answer, and this takes root — sudo systemctl restart so101-helper.socket",
      { cause },
    );
  }
}

async function answerOf<Ask extends HelperAsk>(
  request: RequestFor<Ask>,
  socketPath: string,
  patienceMs: number,
): Promise<AnswerTo<Ask>> {
  const deadlineMs = performance.now() + patienceMs;
  const line = `${JSON.stringify({ v: HELPER_VERSION, ...request })}\n`;
  const client = await LineClient.ask(socketPath, line, LONGEST_REPLY_BYTES, deadlineMs);
  try {
    const reply: unknown = JSON.parse((await client.next(deadlineMs)) ?? "");
    const refusal = v.safeParse(helperRefusalSchema, reply);
    if (refusal.success) throw new HelperError(refusal.output.error.split("\n").map(visible).join("\n"));
    const schema: v.GenericSchema<unknown, unknown> = helperAnswerSchemas[request.ask];
    return v.parse(schema, reply) as AnswerTo<Ask>;
  } finally {
    client.close();
  }
}
