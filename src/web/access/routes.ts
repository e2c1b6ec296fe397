/** What can be asked about who may make arms move. */
import { reply } from "../http/replies.ts";
import type { PairRoute } from "../http/route.ts";
import type { ActionReply } from "../messages.ts";
import type { Claimer } from "./claimer.ts";
import type { Claims } from "./claims.ts";
import { cookieOf } from "./cookie.ts";

/** Of each pair. */
export function claimRoutes(claimer: Claimer, claims: Claims): readonly PairRoute[] {
  return [
    {
      method: "POST",
      path: "claim",
      who: "reader",
      /** Answers when the attempt is over; a page that goes away ends it. */
      async answer(pair, { request, signal }) {
        const why = await claimer.attempt(pair.feed, pair.buttons, AbortSignal.any([signal, request.signal]));
        if (why !== undefined) return reply({ done: false, text: why } satisfies ActionReply);
        const token = claims.add(request.headers.get("user-agent") ?? "a browser", Date.now());
        const made: ActionReply = {
          done: true,
          text: "This page is claimed: it may make the arms move for 30 days.",
        };
        return reply(made, { "set-cookie": cookieOf(token) });
      },
    },
  ];
}
