/** What can be asked of a pair in every view, the three buttons; and the metrics of all pairs. */
import * as v from "valibot";
import { EXPOSITION_TYPE, exposition } from "../../metrics/exposition.ts";
import { HEADERS } from "../http/page-files.ts";
import { refusal, reply } from "../http/replies.ts";
import type { MachineRoute, PairRoute } from "../http/route.ts";
import { shared } from "../http/shared.ts";
import { actions } from "../messages.ts";
import type { ServedPair } from "./served-pair.ts";

const buttonSchema = v.strictObject({ action: v.picklist(actions) });

/** Of each pair. */
export const pairRoutes: readonly PairRoute[] = [
  {
    method: "POST",
    path: "buttons",
    // Pause is for everybody; what else needs a claim, the buttons know.
    who: "everybody",
    async answer({ buttons }, { request, standing, signal }) {
      const asked = v.safeParse(buttonSchema, await request.json().catch(() => undefined));
      if (!asked.success) return refusal(400, "There is no such button.");
      return reply(await buttons.press(asked.output.action, standing, signal));
    },
  },
];

/** However many read them, a service is asked once a second at most. */
const METRICS_EVERY_MS = 1_000;

/** What Prometheus reads of all pairs. */
export function metricsRoute(pairs: ReadonlyMap<string, ServedPair>): MachineRoute {
  const read = shared(METRICS_EVERY_MS, async () => {
    const all = [...pairs.values()].map(async ({ name, feed }) => ({ name, status: await feed.ask() }));
    return exposition(await Promise.all(all));
  });
  return {
    method: "GET",
    path: "/metrics",
    who: "reader",
    async answer() {
      return new Response(await read(), {
        headers: { ...HEADERS, "content-type": EXPOSITION_TYPE, "cache-control": "no-store" },
      });
    },
  };
}
