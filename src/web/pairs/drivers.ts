/** Whom a follower may follow, and changing it: of each pair `GET leaders` and `POST follow`. */
import * as v from "valibot";
import { askService } from "../../api/client.ts";
import { ConfigError, loadConfig } from "../../config/config.ts";
import { isRemoteLeader } from "../../config/network.ts";
import { pairConfigPath } from "../../config/pairs.ts";
import { messageOf } from "../../workflows/api-problem.ts";
import type { FleetFeed } from "../fleet/feed.ts";
import { refusal, reply } from "../http/replies.ts";
import { bodyOf, type PairRoute } from "../http/route.ts";
import type { ActionReply } from "../messages.ts";
import type { ServedPair } from "./served-pair.ts";

/** The leaders by name: "local" for the one of this pair, or `desk/main`. */
export interface LeadersReply {
  readonly leaders: readonly string[];
}

const LOCAL = "local";
const followSchema = v.strictObject({
  leader: v.union([v.literal(LOCAL), v.pipe(v.string(), v.check(isRemoteLeader))]),
});

/** The routes. */
export function driverRoutes(fleet: FleetFeed): readonly PairRoute[] {
  return [
    {
      method: "GET",
      path: "leaders",
      who: "reader",
      async answer(pair) {
        const status = pair.feed.status ?? (await pair.feed.ask());
        if (status === undefined || status.armsHere === "leader") return reply({ leaders: [] });
        const { armsHere, driver } = status;
        const leaders = [
          ...(armsHere === "follower" ? [] : [LOCAL]),
          ...(driver?.source === "remote leader" && driver.leader !== null ? [driver.leader] : []),
          ...configuredFor(pair),
          ...fleet.leaders,
        ];
        return reply({ leaders: [...new Set(leaders)] } satisfies LeadersReply);
      },
    },
    {
      method: "POST",
      path: "follow",
      who: "claimed",
      async answer({ sockets, audience }, asked) {
        const body = await bodyOf(asked, followSchema);
        if (body instanceof Response) return body;
        const { leader } = body;
        try {
          await askService(sockets, { do: "follow", leader });
        } catch (error) {
          return refusal(409, messageOf(error, audience));
        }
        const whose = leader === LOCAL ? "the leader here" : `${leader} once that is heard`;
        const text = `The follower moves slowly to the pose of ${whose}, then follows it.`;
        return reply({ done: true, text } satisfies ActionReply);
      },
    },
  ];
}

/** The leader of another machine that is configured for a pair. */
function configuredFor({ choice }: ServedPair): string[] {
  const { pair, config } = choice;
  try {
    const { remote_leader: leader } = loadConfig(config ?? pairConfigPath(pair!), pair).network;
    return leader === undefined ? [] : [leader];
  } catch (error) {
    if (error instanceof ConfigError) return [];
    throw error;
  }
}
