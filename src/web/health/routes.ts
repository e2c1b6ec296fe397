/** What can be asked about how a pair is: the doctor's findings, what was told, and a report of both. */
import { meaningOfCode } from "../../messages/codes.ts";
import { messageOf } from "../../workflows/api-problem.ts";
import { refusal, reply } from "../http/replies.ts";
import type { PairRoute } from "../http/route.ts";
import { shared } from "../http/shared.ts";
import type { ServedPair } from "../pairs/served-pair.ts";
import { PairHealth } from "./health.ts";
import type { EventsReply, HealthReply, ReportReply } from "./messages.ts";
import { reportOf } from "./report.ts";

/** Programs are started for it: so often at most, however many pages want one. */
const REPORT_EVERY_MS = 1_000;

/** Of each pair. */
export function healthRoutes(): readonly PairRoute[] {
  const all = new Map<ServedPair, { readonly health: PairHealth; readonly report: () => Promise<string> }>();
  const of = (pair: ServedPair) => {
    const known = all.get(pair);
    if (known !== undefined) return known;
    const health = new PairHealth(pair);
    const asked = { health, report: shared(REPORT_EVERY_MS, () => reportOf(pair, health)) };
    all.set(pair, asked);
    return asked;
  };
  return [
    {
      method: "GET",
      path: "health",
      who: "reader",
      async answer(pair) {
        return reply((await of(pair).health.look()) satisfies HealthReply);
      },
    },
    {
      method: "GET",
      path: "events",
      who: "reader",
      async answer(pair) {
        try {
          const events = await of(pair).health.events();
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
        return reply({ text: await of(pair).report() } satisfies ReportReply);
      },
    },
  ];
}
