/** The episode that is to be replayed: that it is one of such an arm, and in which units. */
import type { NormalisationMode } from "../../arm/calibration/normalisation.ts";
import { JOINTS } from "../../arm/joints.ts";
import { type Episode, readDataset, readEpisode } from "../../dataset/dataset.ts";
import { UsageError } from "../errors.ts";
import { type Misfit, misfitOf } from "./commands.ts";

/** What is to be replayed. */
export interface ReplayWish {
  /** The dataset's folder. */
  readonly dir: string;
  /** From 0. */
  readonly episode: number;
  /** The units of its values, where its card does not say them. */
  readonly units?: NormalisationMode | undefined;
}

/** An episode that fits such an arm. */
export interface ReplayedEpisode {
  readonly fps: number;
  readonly frames: number;
  /** Six a frame, in the joints' order. */
  readonly actions: Float32Array;
  readonly units: NormalisationMode;
  readonly tasks: readonly string[];
  /** Frames that were lost when it was recorded. */
  readonly lost: number;
}

/** LeRobot's names of a follower of this kind, by version; null where who wrote it named none. */
const ROBOTS: readonly (string | null)[] = ["so_follower", "so101_follower", "so100_follower", null];
const NAMES = JOINTS.map((joint) => `${joint}.pos`);
/** No arm is sent on more often: nothing that was recorded is faster. */
const MOST_FPS = 1_000;

/**
 * Reads an episode and looks whether it can be replayed. Throws {@link DatasetError}; {@link UsageError} where the units
 * are not known, or are other ones; an Error that says what does not fit.
 */
export async function episodeFor({
  dir,
  episode: number,
  units: told,
}: ReplayWish): Promise<ReplayedEpisode> {
  const { info, units: ofCard, episodes } = await readDataset(dir);
  const { robot_type: robot, fps } = info;
  if (!ROBOTS.includes(robot)) {
    throw new Error(`${dir} was recorded with another robot, ${robot}: its episodes are not for this arm`);
  }
  if (fps > MOST_FPS) throw new Error(`${dir} has ${fps} frames a second: no recording of an arm is so fast`);
  const units = unitsFor(dir, ofCard, told);
  const { actions, names, length } = await readEpisode(dir, number);
  if (names.join() !== NAMES.join()) {
    throw new Error(
      `${dir} has other joints (${names.join(", ")}) than this arm (${NAMES.join(", ")}): its episodes are not for it`,
    );
  }
  if (length === 0) throw new Error(`episode ${number} of ${dir} has no frames`);
  const misfit = misfitOf(actions, units);
  if (misfit !== undefined) throw new Error(sayMisfit(misfit, { dir, number, units }));
  const { tasks, gaps } = episodes[number] as Episode;
  const lost = gaps.reduce((sum, { frames }) => sum + frames, 0);
  return { fps, frames: length, actions, units, tasks, lost };
}

function unitsFor(
  dir: string,
  ofCard: NormalisationMode | undefined,
  told: NormalisationMode | undefined,
): NormalisationMode {
  if (ofCard !== undefined && told !== undefined && ofCard !== told) {
    throw new UsageError(
      `the card of ${dir} says that its values are ${MEANINGS[ofCard]} — leave "--units ${told}" out, or put its README.md right`,
    );
  }
  const units = ofCard ?? told;
  if (units !== undefined) return units;
  throw new UsageError(
    `nothing in ${dir} says what its values are, and wrong units move the arm wrongly — give "--units degrees" where it was ` +
      'recorded with LeRobot 0.4.4 or later, "--units range" where with an older one or with use_degrees=false',
  );
}

const MEANINGS: Readonly<Record<NormalisationMode, string>> = {
  degrees: "degrees",
  range: "shares of the calibrated range (-100 to 100)",
};

function sayMisfit(
  { frame, joint, value }: Misfit,
  {
    dir,
    number,
    units,
  }: { readonly dir: string; readonly number: number; readonly units: NormalisationMode },
): string {
  const where = `frame ${frame} of episode ${number} of ${dir} sends ${joint} to ${Number(value.toFixed(2))}`;
  const other =
    units === "range" && joint !== "gripper" && Number.isFinite(value)
      ? ' — if they are degrees, give "--units degrees"'
      : "";
  const what =
    joint === "gripper" ? "a share of the gripper's range (0 to 100)" : `values in ${MEANINGS[units]}`;
  return `${where}: that is not ${what}${other}`;
}
