/** What stands in the way of using a dataset, as data: `messages/datasets.ts` words it. */
import type { NormalisationMode } from "../arm/calibration/normalisation.ts";
import type { JointName } from "../arm/joints.ts";

/** Why a dataset cannot be read, recorded into, or repaired. `dir` is its folder, as it was given. */
export type DatasetProblem = { readonly dir: string } & (
  | /** Nothing is there. */ { readonly kind: "missing" }
  /** A folder, and no dataset in it. */
  | { readonly kind: "no dataset" }
  /** Another version of the format: `v2.1`. */
  | { readonly kind: "version"; readonly version: string }
  /** A new dataset is to be made where one is. */
  | { readonly kind: "dataset there" }
  /** A new dataset is to be made in a folder that has something else in it. */
  | { readonly kind: "not empty"; readonly example: string }
  /** The system refuses a file or a folder; `code` is its name of the reason. */
  | { readonly kind: "refused"; readonly path: string; readonly code: string; readonly fact: string }
  /** Something stands there that is not used: a link, a pipe, a file that is too large. */
  | { readonly kind: "odd"; readonly path: string; readonly fact: string }
  /** A file is not what it must be. */
  | { readonly kind: "damaged"; readonly path: string; readonly fact: string }
  /** There is no room. What was there is as it was. */
  | { readonly kind: "full"; readonly path: string }
  /** Another program records into it, or repairs it. */
  | { readonly kind: "taken" }
  /** Another program has changed it while we recorded into it. */
  | { readonly kind: "changed" }
  /** Recorded with another number of frames a second. */
  | { readonly kind: "other fps"; readonly has: number; readonly wanted: number }
  /** Its positions are in other units; undefined where nothing says in which. */
  | {
      readonly kind: "other units";
      readonly has: NormalisationMode | undefined;
      readonly wanted: NormalisationMode;
    }
  /** Of another robot: it has other columns than a pair of these arms, such as cameras. */
  | { readonly kind: "other robot"; readonly robotType: string | null; readonly column: string | undefined }
  /** It has not so many episodes. */
  | { readonly kind: "no episode"; readonly episode: number; readonly episodes: number }
  /** What it says of itself does not fit together: nothing may be added or removed. */
  | { readonly kind: "unsound"; readonly fact: string }
  /** An episode that is to be saved has no frames. */
  | { readonly kind: "no frames" }
  /** An episode that is to be saved has a position that is no number. */
  | { readonly kind: "no position"; readonly frame: number; readonly joint: JointName }
  /** A task's text is empty, too long, or has something in it that is not seen. */
  | { readonly kind: "bad task"; readonly task: string }
);

/** A {@link DatasetProblem}, thrown. */
export class DatasetError extends Error {
  override readonly name = "DatasetError";
  readonly problem: DatasetProblem;

  constructor(problem: DatasetProblem, cause?: unknown) {
    super(`${problem.dir}: ${problem.kind}`, { cause });
    this.problem = problem;
  }
}
