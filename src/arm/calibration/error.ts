/** Why a calibration cannot be had or kept. */
import { OddFileError } from "../../linux/guarded/odd-file.ts";
import { whyOf } from "../../linux/system-error.ts";
import { type ArmIdentity, nameOfArm } from "../identity.ts";
import type { CalibrationProblem } from "../problem.ts";
import type { Remedy } from "../remedy.ts";

/** What is wrong, as far as somebody who acts on it must tell it apart. */
export type CalibrationTrouble =
  /** There is no file. */
  | "missing"
  /** There are two files that differ. */
  | "ambiguous"
  /** The system does not let it be read. */
  | "unreadable"
  /** It is not a calibration that an SO-101 arm can have. */
  | "invalid"
  /** It could not be written; what was there before still is. */
  | "unwritable"
  /** Writing it to the arm was interrupted. */
  | "unfinished";

/** A calibration that cannot be had or kept. The message is the fact, and names the file. */
export class CalibrationError extends Error {
  override readonly name = "CalibrationError";
  readonly problem: CalibrationProblem;

  constructor(problem: CalibrationProblem, options?: ErrorOptions) {
    super(factOf(problem), options);
    this.problem = problem;
  }

  /** What is wrong, in a word. */
  get trouble(): CalibrationTrouble {
    const { problem } = this;
    if (problem.code === "calibration.missing") return problem.kind;
    return problem.code === "calibration.unwritable" ? "unwritable" : "unfinished";
  }

  /** The file, or where it should be. */
  get path(): string {
    const { problem } = this;
    return problem.code === "calibration.missing" ? problem.files[0] : problem.file;
  }
}

function factOf(problem: CalibrationProblem): string {
  switch (problem.code) {
    case "calibration.missing":
      return `calibration ${problem.files[0]}: ${problem.what}`;
    case "calibration.unwritable":
      return `calibration ${problem.file}: ${problem.what}`;
    case "calibration.unfinished": {
      const because = problem.because === undefined ? "" : ` (${problem.because})`;
      return `writing the calibration of the ${nameOfArm(problem.arm)} was not completed${because}`;
    }
  }
}

/** What brings a calibration back, or makes one. */
export const RESTORE: Remedy = { do: "restore file" };
export const CALIBRATE: Remedy = { do: "calibrate" };
export const PULL: Remedy = { do: "calibration pull" };

/** A file, or what was taken for one, that holds no calibration which an SO-101 arm can have. */
export function invalid(
  path: string,
  what: string,
  remedies: readonly Remedy[],
  arm?: ArmIdentity,
  options?: ErrorOptions,
): CalibrationError {
  return new CalibrationError(
    { code: "calibration.missing", arm, kind: "invalid", files: [path], what, remedies },
    options,
  );
}

/** How to come by a calibration. */
export const WAYS_TO_ONE: readonly Remedy[] = [CALIBRATE, { do: "calibration import" }, PULL];

/** What a failed system call on the calibration at `path`, or something odd there, means. */
export function unreadable(path: string, cause: unknown, arm?: ArmIdentity): CalibrationError {
  if (cause instanceof CalibrationError) return cause;
  if (cause instanceof OddFileError) {
    // A calibration replaces whatever has its name, but no folder on the way there.
    return invalid(cause.path, cause.message, cause.path === path ? [PULL] : [], arm, { cause });
  }
  const { code: errno } = cause as NodeJS.ErrnoException;
  const isMissing = errno === "ENOENT" || errno === "ENOTDIR";
  return new CalibrationError(
    {
      code: "calibration.missing",
      arm,
      files: [path],
      errno,
      ...(isMissing
        ? { kind: "missing", what: "there is no such file", remedies: WAYS_TO_ONE }
        : { kind: "unreadable", what: `cannot be read: ${whyOf(cause)}`, remedies: [] }),
    },
    { cause },
  );
}

/** What a failed write of the calibration at `path`, or of what is kept beside it, means. */
export function unwritable(path: string, cause: unknown, what = "cannot be written"): CalibrationError {
  if (cause instanceof CalibrationError) return cause;
  const { code: errno } = cause as NodeJS.ErrnoException;
  const file = cause instanceof OddFileError ? cause.path : path;
  return new CalibrationError(
    { code: "calibration.unwritable", file, what: `${what}: ${whyOf(cause)}`, errno },
    { cause },
  );
}
