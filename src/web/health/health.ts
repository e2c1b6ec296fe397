/** How a pair is, for whoever asks: what the doctor finds, what was told, and both as a report. */
import type { NumberedEvent } from "../../api/protocol.ts";
import { MAIN_PAIR } from "../../config/pairs.ts";
import type { Check } from "../../workflows/check.ts";
import { readArms } from "../../workflows/doctor/arms.ts";
import { examine } from "../../workflows/doctor/doctor.ts";
import { seldom, shared } from "../http/shared.ts";
import type { ServedPair } from "../pairs/served-pair.ts";
import { ToldEvents } from "./told-events.ts";

/** The doctor starts programs and reads folders: so often at most, however many pages look, and only while one does. */
const LOOK_EVERY_MS = 4_000;
/** Without a service the arms are read on their ports, which somebody else may want meanwhile: not as often. */
const READ_EVERY_MS = 30_000;
/** What was told is asked for so often at most. */
const EVENTS_EVERY_MS = 1_000;

/** What the doctor found. */
export interface Examined {
  readonly atMs: number;
  readonly checks: readonly Check[];
}

/** How one pair is. */
export class PairHealth {
  /** What the doctor finds. While the service runs it is asked about the arms, and no port is opened. */
  readonly look: () => Promise<Examined>;
  /** What the service has told since it started, the oldest first. Rejects with an ApiError. */
  readonly events: () => Promise<readonly NumberedEvent[]>;

  constructor({ name, sockets, audience, choice }: ServedPair) {
    // Whose the service at a given socket is nobody knows: as on the command line it is taken for the main pair's.
    const pair = audience.socket === undefined ? name : MAIN_PAIR;
    const read = seldom(READ_EVERY_MS, readArms);
    this.look = shared(LOOK_EVERY_MS, async () => ({
      checks: await Array.fromAsync(examine({ pair, config: choice.config, sockets, audience, read })),
      atMs: Date.now(),
    }));
    const told = new ToldEvents(sockets);
    this.events = shared(EVENTS_EVERY_MS, () => told.ask());
  }
}
