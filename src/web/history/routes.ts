/** What can be asked about a pair's last ten minutes. */
import { JOINTS } from "../../arm/joints.ts";
import { refusal, reply } from "../http/replies.ts";
import type { PairRoute } from "../http/route.ts";

/** Of each pair. */
export const historyRoutes: readonly PairRoute[] = [
  {
    method: "GET",
    /** `?joint=elbow_flex`, and `&after=` the time of the last row that the page has. */
    path: "history",
    who: "reader",
    answer({ history }, { url: { searchParams } }) {
      const joint = JOINTS.find((name) => name === searchParams.get("joint"));
      const afterMs = Number(searchParams.get("after") ?? -1);
      if (joint === undefined || Number.isNaN(afterMs)) {
        return refusal(400, "There is a history of each joint: ?joint=elbow_flex");
      }
      return reply(history.of(joint, afterMs, { ms: performance.now(), date: new Date() }));
    },
  },
];
