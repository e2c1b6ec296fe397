/** What the outcomes say about a file's tests, in lines for a person. */
import type { Explained } from "./explained.ts";
import type { Mutation } from "./mutations.ts";
import type { Outcome } from "./trial.ts";

/** A file's report. */
export interface Report {
  readonly lines: readonly string[];
  /** Every survivor is explained, and every explanation is of a survivor. */
  readonly isWell: boolean;
}

/** Tells killed, explained and other mutants of one file apart. */
export function judge(file: string, outcomes: readonly Outcome[], explained: readonly Explained[]): Report {
  const known = explained.filter((one) => one.file === file);
  const survivors = outcomes
    .filter(({ survived }) => survived)
    .map(({ mutation }) => ({ mutation, reason: reasonOf(mutation, known) }))
    .toSorted((a, b) => a.mutation.start - b.mutation.start);
  const unexplained = survivors.filter(({ reason }) => reason === undefined);
  const idle = known.flatMap((one) =>
    one.changes
      .filter((change) => !survivors.some(({ mutation }) => isOf(mutation, one, change)))
      .map((change) => ({ line: one.line, change })),
  );
  const killed = outcomes.length - survivors.length;
  const percent = ((100 * killed) / outcomes.length).toFixed(1);
  return {
    lines: [
      `${file}: ${killed} of ${outcomes.length} mutants killed (${percent} %), ${survivors.length - unexplained.length} explained, ${unexplained.length} survive`,
      ...survivors.map(
        ({ mutation: { line, change }, reason }) =>
          `  ${file}:${line}: ${change}${reason === undefined ? "" : `  [explained: ${reason}]`}`,
      ),
      ...idle.map(({ line, change }) => `  explained, but no survivor: ${line}: ${change}`),
    ],
    isWell: unexplained.length === 0 && idle.length === 0,
  };
}

function reasonOf(mutation: Mutation, known: readonly Explained[]): string | undefined {
  return known.find((one) => one.changes.some((change) => isOf(mutation, one, change)))?.reason;
}

function isOf(mutation: Mutation, { line }: Explained, change: string): boolean {
  return mutation.lineText === line && mutation.change === change;
}
