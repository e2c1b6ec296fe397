/** A pair that the page shows: what is known of it, its buttons, and whom its words are for. */
import type { ArmChoice } from "../../config/choose-arm.ts";
import type { Audience } from "../../messages/audience.ts";
import { PairHistory } from "../history/pair-history.ts";
import { Buttons } from "./buttons.ts";
import { PairFeed } from "./pair-feed.ts";

/** One of them. */
export interface ServedPair {
  readonly name: string;
  /** Where its service may listen, the first of which is asked first. */
  readonly sockets: readonly string[];
  readonly audience: Audience;
  /** Whose configuration it is: the pair's own file, or another one. */
  readonly choice: Pick<ArmChoice, "pair" | "config">;
  readonly feed: PairFeed;
  readonly buttons: Buttons;
  readonly history: PairHistory;
}

/** Makes one. */
export function servedPair(name: string, sockets: readonly string[], audience: Audience): ServedPair {
  const { config } = audience;
  return {
    ...{ name, sockets, audience },
    choice: config === undefined ? { pair: name } : { config },
    feed: new PairFeed(name, sockets, audience),
    buttons: new Buttons(sockets, audience),
    history: new PairHistory(),
  };
}
