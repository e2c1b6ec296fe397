/** A pair that the page shows: what is known of it, its buttons, and whom its words are for. */
import type { Audience } from "../../messages/audience.ts";
import { Buttons } from "./buttons.ts";
import { PairFeed } from "./pair-feed.ts";

/** One of them. */
export interface ServedPair {
  readonly name: string;
  /** Where its service may listen, the first of which is asked first. */
  readonly sockets: readonly string[];
  readonly audience: Audience;
  readonly feed: PairFeed;
  readonly buttons: Buttons;
}

/** Makes one. */
export function servedPair(name: string, sockets: readonly string[], audience: Audience): ServedPair {
  return {
    name,
    sockets,
    audience,
    feed: new PairFeed(name, sockets, audience),
    buttons: new Buttons(sockets, audience),
  };
}
