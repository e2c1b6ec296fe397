/** The tables of the manual that are made of what the program itself goes by: event codes, and states. */
import { METRIC_FACTS } from "../../src/metrics/exposition.ts";
import { type EventCode, eventCodes, formatCode } from "../../src/teleop/reporting/codes.ts";
import { transitions } from "../../src/teleop/state/transitions.ts";

/** A page, and how its text is brought up to date. */
export interface Table {
  readonly path: string;
  /** The page's text with the table as it must be. Throws Error when the page has no such table. */
  replace(text: string): string;
}

/** A Markdown table whose columns are as wide as their widest cell. */
function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, column) => Math.max(cell.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

function table(path: string, head: readonly string[], rows: readonly (readonly string[])[]): Table {
  const start = new RegExp(`^\\| ${head[0]} +\\| ${head[1]}[^\\n]*\\n(?:\\|[^\\n]*\\n)+`, "m");
  return {
    path,
    replace(text) {
      if (!start.test(text)) throw new Error(`${path} has no table of ${head.join(", ")}`);
      return text.replace(start, () => `${markdown(head, rows)}\n`);
    },
  };
}

const codes = Object.entries(eventCodes).map(([name, [, meaning]]) => [
  formatCode(name as EventCode).split(" ")[0]!,
  `\`${name}\``,
  meaning,
]);

const edges = transitions.map(({ from, to, when }) => [from === "any" ? "any" : from.join(", "), to, when]);

const edgesWithCodes = edges.map((cells, index) => [
  ...cells,
  transitions[index]!.codes.map((code) => `\`${code}\``).join(", "),
]);

const metrics = METRIC_FACTS.map(({ name, type, help }) => [`\`${name}\``, type, help]);

/** All of them. */
export const tables: readonly Table[] = [
  table("packaging/doc/events.md", ["code", "name", "meaning"], codes),
  table("packaging/doc/metrics.md", ["metric", "type", "is"], metrics),
  table("packaging/doc/behaviour.md", ["from", "to", "when"], edges),
  table("ARCHITECTURE.md", ["from", "to", "when", "codes of the reasons"], edgesWithCodes),
];
