/** Mutants that no test can tell from the original, or need not, each with the reason. */

/** A survivor that is known. */
export interface Explained {
  /** Relative to the project's root. */
  readonly file: string;
  /** The line's text, trimmed: lines move. */
  readonly line: string;
  /** As the report prints it. */
  readonly change: string;
  readonly reason: string;
}

export const explained: readonly Explained[] = [];
