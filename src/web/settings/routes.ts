/** What can be asked about a pair's settings. */

import { reply } from "../http/replies.ts";
import { bodyOf, type PairRoute } from "../http/route.ts";
import { settingsForm } from "./form.ts";
import { saveSchema } from "./messages.ts";
import { save } from "./save.ts";

/** Of each pair. */
export const settingsRoutes: readonly PairRoute[] = [
  {
    method: "GET",
    path: "settings",
    who: "reader",
    answer: ({ choice }) => reply(settingsForm(choice)),
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
];
