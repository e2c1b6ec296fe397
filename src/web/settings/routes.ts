/** What can be asked about a pair's settings. */

import { reply } from "../http/replies.ts";
import { bodyOf, type PairRoute } from "../http/route.ts";
import { saveSchema } from "./messages.ts";
import { formOf, save, takePresentPose } from "./save.ts";

/** Of each pair. */
export const settingsRoutes: readonly PairRoute[] = [
  {
    method: "GET",
    path: "settings",
    who: "reader",
    answer: (pair) => reply(formOf(pair)),
  },
  {
    method: "POST",
    path: "settings/save",
    who: "claimed",
    async answer(pair, asked) {
      const body = await bodyOf(asked, saveSchema);
      return body instanceof Response ? body : reply(await save(pair, body, asked.signal));
    },
  },
  {
    method: "POST",
    path: "settings/present-pose",
    who: "claimed",
    answer: async (pair, { signal }) => reply(await takePresentPose(pair, signal)),
  },
];
