/** What can be asked about how a pair is: the doctor's findings, what was told, and a report of both. */
import { meaningOfCode } from "../../messages/codes.ts";
import { messageOf } from "../../workflows/api-problem.ts";
import { refusal, reply } from "../http/replies.ts";
import type { PairRoute } from "../http/route.ts";
import type { ServedPair } from "../pairs/served-pair.ts";
import { PairHealth } from "./health.ts";
import type { EventsReply, HealthReply, ReportReply } from "./messages.ts";
import { reportOf } from "./report.ts";

/** Of each pair. */
export function healthRoutes(): readonly PairRoute[] {
  const all = new Map<ServedPair, PairHealth>();
  const of = (pair: ServedPair) => {
    const health = all.get(pair) ?? new PairHealth(pair);
    all.set(pair, health);
    return health;
  };
  return [
    {
      method: "GET",
      path: "health",
      who: "reader",
      async answer(pair) {
        return reply((await of(pair).look()) satisfies HealthReply);
      },
    },
    {
      method: "GET",
      path: "events",
      who: "reader",
      async answer(pair) {
        try {
          const events = await of(pair).events();
          const meanings = Object.fromEntries(
            [...new Set(events.map(({ code }) => code))].map((code) => [code, meaningOfCode(code) ?? ""]),
          );
          return reply({ events, meanings } satisfies EventsReply);
        } catch (error) {
          return refusal(503, messageOf(error, pair.audience));
        }
      },
    },
    {
      method: "GET",
      path: "report",
      who: "reader",
      async answer(pair) {
        return reply({ text: await reportOf(pair, of(pair)) } satisfies ReportReply);
      },
    },
  ];
}
