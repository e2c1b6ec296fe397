/** What can be asked of a pair in every view, the three buttons; and the metrics of all pairs. */
import * as v from "valibot";
import { EXPOSITION_TYPE, exposition } from "../../metrics/exposition.ts";
import { HEADERS } from "../http/page-files.ts";
import { refusal, reply } from "../http/replies.ts";
import { bodyOf, type MachineRoute, type PairRoute } from "../http/route.ts";
import { shared } from "../http/shared.ts";
import { type ActionReply, actions } from "../messages.ts";
import type { ServedPair } from "./served-pair.ts";

const buttonSchema = v.strictObject({ action: v.picklist(actions) });
const stopSchema = v.strictObject({ action: v.picklist(["pause", "release"]) });

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

/** Pause and Release of all pairs at once: for a page that cannot hear which there are. */
export function stopRoute(pairs: ReadonlyMap<string, ServedPair>): MachineRoute {
  return {
    method: "POST",
    path: "/buttons",
    who: "everybody",
    async answer(asked) {
      const body = await bodyOf(asked, stopSchema);
      if (body instanceof Response) return body;
      const replies = await Promise.all(
        [...pairs.values()].map(async ({ name, buttons }) => ({
          name,
          came: await buttons.press(body.action, asked.standing, asked.signal),
        })),
      );
      const text = replies.map(({ name, came }) => (pairs.size > 1 ? `${name}: ${came.text}` : came.text));
      const done = replies.every(({ came }) => came.done);
      return reply({ done, text: text.join("\n") } satisfies ActionReply);
    },
  };
}

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
    who: "reader or this machine",
    async answer() {
      return new Response(await read(), {
        headers: { ...HEADERS, "content-type": EXPOSITION_TYPE, "cache-control": "no-store" },
      });
    },
  };
}
