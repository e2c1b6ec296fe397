/** What can be asked of a pair in every view: the three buttons. */
import * as v from "valibot";
import { EXPOSITION_TYPE, exposition } from "../../metrics/exposition.ts";
import { HEADERS } from "../http/page-files.ts";
import { refusal, reply } from "../http/replies.ts";
import type { MachineRoute, PairRoute } from "../http/route.ts";
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

/** What Prometheus reads: of the pairs whose service answers. */
export function metricsRoute(pairs: ReadonlyMap<string, ServedPair>): MachineRoute {
  return {
    method: "GET",
    path: "/metrics",
    who: "reader",
    async answer() {
      const statuses = await Promise.all([...pairs.values()].map(({ feed }) => feed.ask()));
      const text = exposition(statuses.filter((status) => status !== undefined));
      return new Response(text, { headers: { ...HEADERS, "content-type": EXPOSITION_TYPE } });
    },
  };
}
