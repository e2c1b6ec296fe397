/**
 * What can be asked about setting a pair up, below `/pairs/NAME/`:
 *
 * - `GET set-up` tells how far it has come;
 * - `POST set-up/begin` begins it, or goes on with it, as a work; `{"way": "unplug"}` tells boards by their cables;
 * - `POST set-up/names` does so with the boards' names alone, be they given already or not;
 * - `POST set-up/file?arm=leader&name=blue.json` hands over the file that is waited for, which is its body.
 */
import * as v from "valibot";
import { ConfigError } from "../../config/config.ts";
import { messageOf } from "../../workflows/api-problem.ts";
import type { Way } from "../../workflows/assign/choose.ts";
import type { Operator } from "../../workflows/operator.ts";
import type { Boards } from "../boards.ts";
import { outcome, reply } from "../http/replies.ts";
import { type Asked, bodyOf, type PairRoute } from "../http/route.ts";
import { shared } from "../http/shared.ts";
import type { ActionReply } from "../messages.ts";
import type { ServedPair } from "../pairs/served-pair.ts";
import { fileIn } from "../work/file-in.ts";
import type { Outcome } from "../work/messages.ts";
import type { Works } from "../work/works.ts";
import { HandedFiles } from "./handed-files.ts";
import type { SetUpMeans, SetUpPlace } from "./place.ts";
import { look } from "./view.ts";
import { nameAgain, setUp } from "./wizard.ts";

const orderSchema = v.strictObject({ way: v.optional(v.picklist(["move", "unplug", "pick"]), "move") });
/** udev is asked by starting a program: for all pages that look no more often than this. */
const LIST_EVERY_MS = 1_500;

/** Of each pair. */
export function setUpRoutes(works: Works, means: SetUpMeans): readonly PairRoute[] {
  const handed = new Map<string, HandedFiles>();
  const seen: Boards = { ...means.boards, list: shared(LIST_EVERY_MS, means.boards.list) };
  function placeOf({ name, sockets, choice }: ServedPair): SetUpPlace {
    const files = handed.get(name) ?? new HandedFiles();
    handed.set(name, files);
    return { ...means, pair: name, sockets, choice, files };
  }

  async function begin(
    pair: ServedPair,
    asked: Asked,
    what: string,
    title: string,
    run: (place: SetUpPlace, way: Way, operator: Operator) => Promise<Outcome>,
  ): Promise<Response> {
    const order = await bodyOf(asked, orderSchema);
    if (order instanceof Response) return order;
    const refused = works.start(pair.name, {
      ...{ what, title, isDriving: false, audience: pair.audience },
      run: (operator) => run(placeOf(pair), order.way, operator),
    });
    return outcome(refused, "It goes on.");
  }
  return [
    {
      method: "GET",
      path: "set-up",
      who: "reader",
      async answer(pair) {
        const status = pair.feed.status ?? (await pair.feed.ask());
        try {
          return reply(await look({ ...placeOf(pair), boards: seen }, status));
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
          // Every page that opens asks: that there is nothing to set up is no failure of its asking.
          return reply({ done: false, text: messageOf(error, pair.audience) } satisfies ActionReply);
        }
      },
    },
    {
      method: "POST",
      path: "set-up/begin",
      who: "claimed",
      answer: (pair, asked) => begin(pair, asked, "set-up", "Setting up", setUp),
    },
    {
      method: "POST",
      path: "set-up/names",
      who: "claimed",
      answer: (pair, asked) => begin(pair, asked, "names", "Naming the boards", nameAgain),
    },
    {
      method: "POST",
      path: "set-up/file",
      who: "claimed",
      async answer(pair, asked) {
        const file = await fileIn(asked);
        if (file instanceof Response) return file;
        const { arm, name, bytes } = file;
        const isTaken = placeOf(pair).files.hand(arm, { path: name, bytes });
        const refused = isTaken ? undefined : "No file of this arm is waited for just now.";
        return outcome(refused, "The machine has the file.");
      },
    },
  ];
}
