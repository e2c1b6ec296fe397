/** The episode that is to be replayed: that it is one of such an arm, and in which units. */
import type { NormalisationMode } from "../../arm/calibration/normalisation.ts";
import { JOINT_COUNT, JOINTS } from "../../arm/joints.ts";
import { readDataset, readEpisode } from "../../dataset/dataset.ts";
import { type Feature, isOurRobot } from "../../dataset/format.ts";
import { visible } from "../../linux/text/visible.ts";
import { shellLine } from "../../messages/audience.ts";
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

const NAMES = JOINTS.map((joint) => `${joint}.pos`);
/** Of names that others have chosen so much is shown. */
const LONGEST_NAMES = 200;
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
  if (!isOurRobot(robot)) {
    throw new Error(
      `${dir} was recorded with another robot, ${visible(`${robot}`.slice(0, LONGEST_NAMES))}: its episodes are not for this arm`,
    );
  }
  if (fps > MOST_FPS) throw new Error(`${dir} has ${fps} frames a second: no recording of an arm is so fast`);
  const units = unitsFor(dir, ofCard, told);
  requireJoints(dir, info.features.action);
  const { actions, length } = await readEpisode(dir, number);
  const misfit = misfitOf(actions, units);
  if (misfit !== undefined) throw new Error(sayMisfit(misfit, { dir, number, units, ofCard }));
  const { tasks, gaps } = episodes[number]!;
  const lost = gaps.reduce((sum, { frames }) => sum + frames, 0);
  return { fps, frames: length, actions, units, tasks, lost };
}

/** Throws where actions are not positions of this arm's joints, in their order. */
function requireJoints(dir: string, action: Feature | undefined): void {
  const names = Array.isArray(action?.names) ? action.names.map(String) : [];
  const isOfArm = names.join() === NAMES.join() && action?.shape.join() === `${JOINT_COUNT}`;
  if (isOfArm && action.dtype === "float32") return;
  const theirs =
    names.length === 0 ? "none that have names" : visible(names.join(", ").slice(0, LONGEST_NAMES));
  throw new Error(`${dir} has other joints (${theirs}) than this arm: its episodes are not for it`);
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
  range: "percent of the calibrated range (-100 to 100)",
};

/** Where a value is that does not fit, and what it was said to be; by the card, or by who asks. */
interface Where {
  readonly dir: string;
  readonly number: number;
  readonly units: NormalisationMode;
  readonly ofCard: NormalisationMode | undefined;
}

function sayMisfit({ frame, joint, value }: Misfit, { dir, number, units, ofCard }: Where): string {
  const where = `frame ${frame} of episode ${number} of ${dir} sends ${joint} to ${Number(value.toFixed(2))}`;
  const what = joint === "gripper" ? "percent of the gripper's range (0 to 100)" : MEANINGS[units];
  return `${where}: that is not in ${what}${cureOf(units, ofCard, dir)}`;
}

function cureOf(units: NormalisationMode, ofCard: NormalisationMode | undefined, dir: string): string {
  if (ofCard !== undefined) return ` — see "${shellLine(["so101", "dataset", "check", dir])}"`;
  return units === "range" ? ' — if its values are degrees, give "--units degrees"' : " — nothing was moved";
}
