/** `GET /fleet?id=…&change=…`: what has changed of the fleet since a page was told last. */
import { refusal, reply } from "../http/replies.ts";
import type { MachineRoute } from "../http/route.ts";
import type { FleetFeed } from "./feed.ts";

/** The route. */
export function fleetRoute(fleet: FleetFeed): MachineRoute {
  return {
    method: "GET",
    path: "/fleet",
    who: "reader",
    answer({ url }) {
      if (!fleet.isConfigured) return refusal(404, "No broker is configured here: there is no fleet.");
      const change = Number(url.searchParams.get("change") ?? 0);
      return reply(fleet.since(url.searchParams.get("id"), Number.isSafeInteger(change) ? change : 0));
    },
  };
}
