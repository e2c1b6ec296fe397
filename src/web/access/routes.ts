/** What can be asked about who may make arms move. */
import * as v from "valibot";
import { reply } from "../http/replies.ts";
import { type Asked, bodyOf, type MachineRoute, type PairRoute } from "../http/route.ts";
import type { ActionReply, ListedClaim } from "../messages.ts";
import type { Refusal } from "./attempt.ts";
import type { Claimer } from "./claimer.ts";
import type { Claims } from "./claims.ts";
import { cookieOf } from "./cookie.ts";

const codeSchema = v.strictObject({ code: v.pipe(v.string(), v.maxLength(64)) });
/** A claim's id, or "all". */
const revokeSchema = v.strictObject({ id: v.pipe(v.string(), v.maxLength(64)) });

/** Of each pair. */
export function claimRoutes(claimer: Claimer, claims: Claims): readonly PairRoute[] {
  return [
    {
      method: "POST",
      path: "claim",
      who: "everybody",
      /** Answers when the attempt is over; a page that goes away ends it. */
      async answer(pair, asked) {
        return answerTo(await claimer.byLeader(pair, untilGone(asked)), claims, asked);
      },
    },
  ];
}

/** Of the machine. `changed` is called when claims were ended. */
export function accessRoutes(claimer: Claimer, claims: Claims, changed: () => void): readonly MachineRoute[] {
  return [
    {
      method: "POST",
      path: "/claim-by-board",
      who: "everybody",
      async answer(asked) {
        return answerTo(await claimer.byBoard(untilGone(asked)), claims, asked);
      },
    },
    {
      method: "POST",
      path: "/claim-by-code",
      who: "everybody",
      async answer(asked) {
        const body = await bodyOf(asked, codeSchema);
        if (body instanceof Response) return body;
        return answerTo(claimer.byCode(body.code, asked.address), claims, asked);
      },
    },
    {
      method: "GET",
      path: "/claims",
      who: "claimed",
      answer({ claim }) {
        const listed = claims
          .list(Date.now())
          .map((each): ListedClaim => ({ ...each, isThis: each.id === claim }));
        return reply({ claims: listed });
      },
    },
    {
      method: "POST",
      path: "/revoke",
      who: "claimed",
      async answer(asked) {
        const body = await bodyOf(asked, revokeSchema);
        if (body instanceof Response) return body;
        const count = claims.revoke(body.id, Date.now());
        changed();
        const text = count === 0 ? "That claim has ended already." : "Ended: who had it must claim again.";
        return reply({ done: count > 0, text } satisfies ActionReply);
      },
    },
  ];
}

function untilGone({ signal, request }: Asked): AbortSignal {
  return AbortSignal.any([signal, request.signal]);
}

/** What a page that wanted to be claimed gets: its token, or why it gets none. */
function answerTo(refusal: Refusal, claims: Claims, { request: { headers } }: Asked): Response {
  if (refusal !== undefined) return reply({ done: false, text: refusal } satisfies ActionReply);
  const token = claims.add(headers.get("user-agent") ?? "a browser", Date.now());
  const made: ActionReply = {
    done: true,
    text: "This page is claimed: it may make the arms move for 30 days.",
  };
  return reply(made, { "set-cookie": cookieOf(token, headers.get("origin")) });
}
