/** Whether an episode can begin: what the service says of the pair, and how its positions are to be normalised. */
import { armsOf, askService } from "../api/client.ts";
import type { PairArms } from "../api/protocol.ts";
import type { NormalisationMode } from "../arm/calibration/normalisation.ts";
import { calibrationOf } from "../arm/calibration/numbers.ts";
import {
  sayFewTicks,
  sayOtherUnits,
  sayUncalibrated,
  whyNotRecorded,
  whyNotRecordedOf,
} from "../messages/recording.ts";
import type { Normalising } from "./take.ts";

/** What an episode must fit. */
export interface Wanted {
  readonly fps: number;
  /** Those of the dataset. */
  readonly units: NormalisationMode;
}

/**
 * How the positions of the pair at the first of `paths` are normalised now, or a sentence that says why no episode can
 * begin. Rejects with {@link ApiError}.
 */
export async function readiness(paths: readonly string[], wanted: Wanted): Promise<Normalising | string> {
  const { state, why, driver } = (await askService(paths, { do: "status" }))!;
  return (
    whyNotRecorded(state, why) ??
    (driver && whyNotRecordedOf(driver.source)) ??
    normalisingOf(await armsOf(paths), wanted)
  );
}

/** How the positions of arms are normalised, or why nothing can be recorded of them. */
export function normalisingOf(arms: PairArms, { fps, units }: Wanted): Normalising | string {
  const { normalisation: mode, rateHz } = arms;
  if (mode !== units) return sayOtherUnits(mode, units);
  if (fps > rateHz) return sayFewTicks(fps, rateHz);
  const leader = arms.leader.joints && calibrationOf(arms.leader.joints);
  const follower = arms.follower.joints && calibrationOf(arms.follower.joints);
  if (!leader) return sayUncalibrated("leader");
  if (!follower) return sayUncalibrated("follower");
  return { leader, follower, mode };
}
