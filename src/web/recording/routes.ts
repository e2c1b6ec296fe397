/** What can be asked about recording: starting a recorder, and ordering whichever there is. */
import { askService } from "../../api/client.ts";
import type { RecordingOrder } from "../../api/recording.ts";
import { messageOf } from "../../workflows/api-problem.ts";
import { outcome, refusal, reply } from "../http/replies.ts";
import { bodyOf, type PairRoute } from "../http/route.ts";
import { recorderOrderSchema, recordSchema } from "./messages.ts";
import type { Recorders } from "./recorders.ts";

const DONE: Readonly<Record<RecordingOrder, string>> = {
  begin: "",
  end: "",
  discard: "The episode is discarded.",
  again: "That episode is recorded again.",
  stop: "The recording ends.",
};

/** Of each pair. */
export function recordingRoutes(recorders: Recorders): readonly PairRoute[] {
  return [
    {
      method: "GET",
      path: "recorder",
      who: "reader",
      answer: ({ name }) => reply(recorders.of(name)),
    },
    {
      method: "POST",
      path: "recorder/begin",
      who: "claimed",
      async answer(pair, asked) {
        const body = await bodyOf(asked, recordSchema);
        if (body instanceof Response) return body;
        const refused = await recorders.begin(pair, body, asked.signal);
        return outcome(refused, "Ready to record.");
      },
    },
    {
      method: "POST",
      path: "record",
      who: "claimed",
      async answer({ sockets, audience }, asked) {
        const body = await bodyOf(asked, recorderOrderSchema);
        if (body instanceof Response) return body;
        try {
          await askService(sockets, { do: "record", order: body.order });
        } catch (error) {
          return refusal(409, messageOf(error, audience));
        }
        return outcome(undefined, DONE[body.order]);
      },
    },
  ];
}
