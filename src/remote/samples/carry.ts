/** Samples between a pair's service and the broker: those of its own leader out, those of the leader that it wants in. */
import { setTimeout as passed } from "node:timers/promises";
import { ApiError, carryFor } from "../../api/client.ts";
import type { NetworkPair } from "../pair.ts";
import { Carrier } from "./carrier.ts";

/** A service that is gone is looked for so often: it may only be restarting. */
const AGAIN_MS = 500;
/** A service that starts anew is there within this: nothing is said of it. */
const SAID_AFTER_MS = 3_000;

/** Carries samples for a pair. A {@link PairPart}. */
export async function carrySamples(pair: NetworkPair): Promise<void> {
  const carrier = new Carrier(pair);
  let goneMs = performance.now();
  let said = "";
  while (!pair.signal.aborted) {
    try {
      await carryOnce(pair, carrier, () => {
        if (said !== "") pair.say("info", "its service is there");
        said = "";
        goneMs = performance.now();
      });
    } catch (error) {
      await carrier.rest();
      const text = pair.explain(error);
      if (text !== said && !pair.signal.aborted && performance.now() - goneMs > SAID_AFTER_MS) {
        pair.say("warning", text);
        said = text;
      }
    }
    await passed(AGAIN_MS, undefined, { signal: pair.signal }).catch(() => {});
  }
  await carrier.end();
}

/** Carries for the service that listens at the first of the pair's places at which one does. Rejects when that has ended. */
async function carryOnce(
  { sockets, signal }: NetworkPair,
  carrier: Carrier,
  there: () => void,
): Promise<never> {
  let nobody: ApiError | undefined;
  for (const path of sockets) {
    try {
      for await (const network of carryFor([path], signal)) {
        there();
        carrier.serve(path, network);
      }
    } catch (error) {
      if (!(error instanceof ApiError && error.problem.kind === "not running")) throw error;
      nobody = error;
    }
  }
  throw nobody === undefined
    ? new ApiError({ kind: "ended" })
    : new ApiError({ kind: "not running", paths: sockets });
}
