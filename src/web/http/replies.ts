/** What the server answers requests with: JSON with a text for the person, and the headers that keep a page to itself. */
import type { ActionReply } from "../messages.ts";
import { HEADERS } from "./page-files.ts";

/** Data for the page. */
export function reply(data: object, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json(data, { headers: { ...HEADERS, "cache-control": "no-store", ...headers } });
}

/** That something is not done, and why, in words for the person. */
export function refusal(status: number, text: string): Response {
  return Response.json({ done: false, text } satisfies ActionReply, { status, headers: HEADERS });
}
