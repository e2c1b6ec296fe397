/** The tables of what was measured on links, as the manual has them. */
import type { FollowingFigures } from "./figures.ts";
import type { LaneFigures } from "./lanes.ts";
import type { ClientFigures } from "./machines.ts";
import type { RunFigures } from "./run.ts";

const LANES = { mqtt: "bare MQTT", udp: "bare datagrams" } as const;

/** A table of how the program followed; its first columns are those of {@link lanesTable}. */
export function runsTable(runs: readonly RunFigures[]): string {
  const head = [
    ...["link", "congestion control", "delay p50", "p99", "p99.9", "beyond the least p50", "p99", "p99.9"],
    ...["gaps > 50 / > 100 ms", "longest", "holds", "longest hold", "followed", "samples a second"],
    ...["cut: holding after the last sample", "aligning after the return", "following"],
    ...["client of leader", "of follower", "rules broken"],
  ];
  return table(
    head,
    runs.map((run) => [
      ...[run.profile, run.congestionControl],
      ...delayCells(run.following),
      ...followingCells(run.following),
      ...[
        figure(run.cut.holdingMs, "ms"),
        figure(run.cut.aligningS, "s", 2),
        figure(run.cut.followingS, "s", 2),
      ],
      ...[clientCell(run.clients.leader), clientCell(run.clients.follower), `${run.violations.length}`],
    ]),
  );
}

/** A table of what bare lanes make of the same links. */
export function lanesTable(lanes: readonly LaneFigures[]): string {
  const head = [
    "link",
    "lane",
    "congestion control",
    "p50",
    "p99",
    "p99.9",
    "gaps > 50 / > 100 ms",
    "longest",
  ];
  return table(
    [...head, "arrived"],
    lanes.map(({ profile, lane, congestionControl, delayMs, gaps, arrived, sent }) => [
      ...[profile, LANES[lane], lane === "mqtt" ? congestionControl : "none"],
      ...[figure(delayMs.p50, "ms", 1), figure(delayMs.p99, "ms", 1), figure(delayMs.p999, "ms", 1)],
      ...[`${gaps.over50} / ${gaps.over100}`, figure(gaps.longestMs, "ms"), `${arrived} of ${sent}`],
    ]),
  );
}

function delayCells({ delayMs, beyondLeastMs }: FollowingFigures): string[] {
  return [delayMs, beyondLeastMs].flatMap(({ p50, p99, p999 }) =>
    [p50, p99, p999].map((ms) => figure(ms, "ms", 1)),
  );
}

function followingCells({ gaps, holds, followed, samplesPerS }: FollowingFigures): string[] {
  return [
    ...[`${gaps.over50} / ${gaps.over100}`, figure(gaps.longestMs, "ms"), `${holds.count}`],
    ...[figure(holds.longestMs, "ms"), figure(100 * followed, "%", 2), samplesPerS.toFixed(1)],
  ];
}

function clientCell({ cpu, residentMB, proportionalMB }: ClientFigures): string {
  return `${cpu.toFixed(1)} %, ${residentMB.toFixed(0)} MB (${proportionalMB.toFixed(0)} its own)`;
}

function figure(value: number | undefined, unit: string, digits = 0): string {
  return value === undefined ? "never" : `${value.toFixed(digits)} ${unit}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}
