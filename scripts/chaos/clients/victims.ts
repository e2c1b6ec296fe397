/** What clients and replays are done to, and a leader that lies still while they drive. */
import type { Random } from "../../random.ts";
import type { Fault, Victims } from "../fault.ts";
import type { GivenTargets } from "./given.ts";

/** What the faults of clients are done to. */
export interface ClientVictims extends Victims {
  /** The control socket of the pair. */
  readonly control: string;
  readonly given: GivenTargets;
  /** A dataset whose episodes move slowly, and the program that replays them. */
  readonly replay: { readonly path: string; readonly dataset: string; readonly episodes: number };
}

/** Draws a fault's figures. */
export type ClientDraw = (random: Random, victims: ClientVictims) => Fault;

/** The leader takes over once its motion has lasted a second. */
const TAKES_OVER_MS = 1_500;
const SLOWLY = "somebody else had driven, and the leader had to be moved first";
/** Who has had the leader in hand drives, until it has lain still for a second. */
export const LIES_STILL_MS = 1_500;

/** A fault of clients: the leader lies still meanwhile, and is moved again afterwards. */
export function whileLeaderRests(
  { client }: Victims,
  { kind, text, forMs }: Pick<Fault, "kind" | "text" | "forMs">,
  during: (signal: AbortSignal) => Promise<void>,
): Fault {
  const over = new AbortController();
  let going: Promise<void> | undefined;
  return {
    ...{
      kind,
      text,
      forMs: LIES_STILL_MS + forMs,
      lingersMs: TAKES_OVER_MS,
      slowly: SLOWLY,
      uses: ["hand", "driver"],
    },
    async begin() {
      await client.request({ do: "motion", arm: "leader", play: "still" });
      going = Bun.sleep(LIES_STILL_MS).then(() => during(over.signal));
    },
    async end() {
      over.abort();
      await going;
      await client.request({ do: "motion", arm: "leader", play: "wave" });
    },
  };
}
