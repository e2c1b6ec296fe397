/**
 * What can be asked about works, by claimed pages only. Of a pair, below `/pairs/NAME/`:
 *
 * - `POST work` with an {@link Order} begins one; `POST work/import?arm=leader&name=blue.json` one with the file that is its
 *   body, of 64 kB at most;
 * - `POST work/answer` `{"question": 3, "value": true}` answers what is asked;
 * - `POST work/cancel` ends it early.
 *
 * The last two are there for the machine's own work, too, at `/work/answer` and `/work/cancel`; what begins that stands in
 * the rooms whose work it is, and calls {@link Works.start} with the place null. What goes on is told by the WebSocket.
 */
import * as v from "valibot";
import { outcome } from "../http/replies.ts";
import { type Asked, bodyOf, type MachineRoute, type PairRoute } from "../http/route.ts";
import { fileIn } from "./file-in.ts";
import { orderSchema, planOf, planOfImport } from "./orders.ts";
import type { Place, Works } from "./works.ts";

const answerSchema = v.strictObject({
  question: v.number(),
  value: v.union([v.boolean(), v.pipe(v.string(), v.maxLength(255))]),
});

const claimed = { method: "POST", who: "claimed" } as const;

/** Of each pair. */
export function workRoutes(works: Works): readonly PairRoute[] {
  return [
    {
      ...claimed,
      path: "work",
      async answer(pair, asked) {
        const order = await bodyOf(asked, orderSchema);
        if (order instanceof Response) return order;
        const page = "page" in order ? order.page : undefined;
        return outcome(works.start(pair.name, planOf(order, pair), page), "It goes on.");
      },
    },
    {
      ...claimed,
      path: "work/import",
      async answer(pair, asked) {
        const file = await fileIn(asked);
        if (file instanceof Response) return file;
        return outcome(works.start(pair.name, planOfImport(file, pair)), "It goes on.");
      },
    },
    { ...claimed, path: "work/answer", answer: ({ name }, asked) => answer(works, name, asked) },
    { ...claimed, path: "work/cancel", answer: ({ name }) => cancel(works, name) },
  ];
}

/** Of the machine's own work. */
export function machineWorkRoutes(works: Works): readonly MachineRoute[] {
  return [
    { ...claimed, path: "/work/answer", answer: (asked) => answer(works, null, asked) },
    { ...claimed, path: "/work/cancel", answer: () => cancel(works, null) },
  ];
}

async function answer(works: Works, place: Place, asked: Asked): Promise<Response> {
  const given = await bodyOf(asked, answerSchema);
  if (given instanceof Response) return given;
  return outcome(works.answer(place, given.question, given.value), "Answered.");
}

async function cancel(works: Works, place: Place): Promise<Response> {
  return outcome(await works.cancel(place), "Cancelled.");
}
