/** Asking the machine for something. */
import type { ActionReply } from "../messages.ts";

/** Asks, and says what came of it. Never rejects. */
export function post(path: string, body: object): Promise<ActionReply> {
  return send(path, JSON.stringify(body), { "content-type": "application/json" });
}

/** Asks with a body of any kind, such as a file. Never rejects. */
export async function send(
  path: string,
  body: BodyInit,
  headers: Readonly<Record<string, string>> = {},
): Promise<ActionReply> {
  try {
    const response = await fetch(path, { method: "POST", headers, body });
    return (await response.json()) as ActionReply;
  } catch {
    const text =
      "The machine was not heard: nobody knows whether it was done. Switch the arm's power off before you touch it.";
    return { done: false, text };
  }
}
