/** What became of a siege, as a table and a sentence for each case. */
import type { AttackReport } from "./attack.ts";

const KINDS = ["lost", "hung", "escalated"] as const;

/** Of each kind; a fault is often the same one many times. */
const MOST_SENTENCES = 25;

/** Whether the program withstood: something was tried, nothing was lost, nothing hung, and nobody got in. */
export function endedWell(report: AttackReport): boolean {
  return report.tried > 0 && KINDS.every((kind) => report[kind].length === 0);
}

/** A row for each attack, by its name, and one for all; then every case in words. */
export function reportText(reports: ReadonlyMap<string, AttackReport>): string {
  const rows = [...reports].map(([name, report]) => [
    name,
    `${report.tried}`,
    ...KINDS.map((kind) => `${report[kind].length}`),
    Object.entries(report.figures ?? {})
      .map(([figure, value]) => `${figure} ${value}`)
      .join(", "),
  ]);
  const all = [...reports.values()];
  const sum = (count: (report: AttackReport) => number) =>
    `${all.reduce((n, report) => n + count(report), 0)}`;
  const total = [
    "all",
    sum(({ tried }) => tried),
    ...KINDS.map((kind) => sum((report) => report[kind].length)),
    "",
  ];
  const cells = [["attack", "tried", ...KINDS, "figures"], ...rows, total];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const table = cells.map((row) =>
    row
      // Names and figures begin where their column does, numbers end there.
      .map((cell, column) =>
        [0, row.length - 1].includes(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
      )
      .join("  ")
      .trimEnd(),
  );
  const cases = [...reports].flatMap(([name, report]) =>
    KINDS.flatMap((kind) => {
      const sentences = report[kind]
        .slice(0, MOST_SENTENCES)
        .map((sentence) => `FAILED ${name}, ${kind}: ${sentence}`);
      const more = report[kind].length - sentences.length;
      return more > 0 ? [...sentences, `FAILED ${name}, ${kind}: and ${more} more`] : sentences;
    }),
  );
  const idle = [...reports].flatMap(([name, { tried }]) =>
    tried > 0 ? [] : [`FAILED ${name}: nothing was tried`],
  );
  return ["", ...table, ...cases, ...idle].join("\n");
}
