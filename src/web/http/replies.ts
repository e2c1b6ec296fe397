/** What the server answers requests with: JSON with a text for the person, and the headers that keep a page to itself. */
import type { ActionReply } from "../messages.ts";
import { HEADERS } from "./page-files.ts";

type Headers = Readonly<Record<string, string>>;

/** Data for the page. */
export function reply(data: object, headers: Headers = {}): Response {
  return Response.json(data, { headers: { ...HEADERS, "cache-control": "no-store", ...headers } });
}

/** Another page was first, or there is nothing of the kind. */
const CONFLICT = 409;

/** That something is done, in words for the person; or, where `refused` says why it cannot be just now, that it is not. */
export function outcome(refused: string | undefined, text: string): Response {
  return refused === undefined
    ? reply({ done: true, text } satisfies ActionReply)
    : refusal(CONFLICT, refused);
}

/** That something is not done, and why, in words for the person. */
export function refusal(status: number, text: string, headers: Headers = {}): Response {
  return Response.json({ done: false, text } satisfies ActionReply, {
    status,
    headers: { ...HEADERS, "cache-control": "no-store", ...headers },
  });
}
