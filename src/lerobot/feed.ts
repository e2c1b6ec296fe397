/** What a pair does, as LeRobot has it, for who listens: samples of its control loop with both arms' positions. */
import { setTimeout as passed } from "node:timers/promises";
import { armsOf, sampleService } from "../api/client.ts";
import type { ApiSample } from "../api/protocol.ts";
import type { NormalisationMode } from "../arm/calibration/normalisation.ts";
import { PairPositions } from "./positions.ts";

/** A service that is not there is looked for so often. */
const AGAIN_MS = 500;
/** Arms change with the pair's state. Should that ever be seen late, it is by so much. */
const ARMS_AGE_MS = 1_000;

/** A sample as LeRobot has it. Positions in the joints' order. */
export interface FedSample extends Pick<ApiSample, "timeUs" | "state"> {
  readonly units: NormalisationMode;
  /** The leader's, as LeRobot has its action: before any limit; null where they are not known. */
  readonly action: readonly number[] | null;
  /** The follower's. */
  readonly observation: readonly number[];
}

/** What a feed says, and to whom. */
export interface FeedOptions {
  /** Where the pair's service may listen. */
  readonly sockets: readonly string[];
  /** Samples come at a distance of so many ms at least: 2 to 1000. */
  readonly everyMs: number;
  readonly publish: (sample: FedSample) => void;
  /** Told whenever the service could not be asked. */
  readonly missed: (error: unknown) => void;
}

/** Hands samples out until `signal` aborts, whatever becomes of the service meanwhile. Never rejects. */
export async function feed(
  { sockets, everyMs, publish, missed }: FeedOptions,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      let arms:
        | { readonly positions: PairPositions; readonly state: string; readonly atMs: number }
        | undefined;
      for await (const { timeUs, state, leader, follower } of sampleService(sockets, everyMs, signal)) {
        if (arms?.state !== state || performance.now() - arms.atMs > ARMS_AGE_MS) {
          arms = { positions: new PairPositions(await armsOf(sockets)), state, atMs: performance.now() };
        }
        const { positions } = arms;
        const observation = positions.ofFollower(follower);
        if (observation === null) continue;
        const action = positions.ofLeader(leader);
        publish({ timeUs, state, units: positions.units, action, observation });
      }
    } catch (error) {
      if (!signal.aborted) missed(error);
    }
    await passed(AGAIN_MS, undefined, { signal }).catch(() => {});
  }
}
