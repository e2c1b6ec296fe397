/** Asking the machine for something. */
import type { ActionReply } from "../messages.ts";

/** Asks, and says what came of it. Never rejects. */
export async function post(path: string, body: object): Promise<ActionReply> {
  try {
    const headers = { "content-type": "application/json" };
    const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
    return (await response.json()) as ActionReply;
  } catch {
    const text =
      "The machine was not heard: nobody knows whether it was done. Switch the arm's power off before you touch it.";
    return { done: false, text };
  }
}
