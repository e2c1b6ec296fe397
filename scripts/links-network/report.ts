/** The tables of what was measured on links, as the manual has them. */
import type { LaneFigures } from "./lanes.ts";
import type { ClientFigures } from "./machines.ts";
import type { RunFigures } from "./run.ts";

const LANES = { mqtt: "bare MQTT", udp: "bare datagrams" } as const;

/** How the program followed, what a cut came to, and what it took: three tables. */
export function report(runs: readonly RunFigures[]): string {
  const followed = table(
    [
      ...["link", "congestion control", "delay p50", "p99", "p99.9", "beyond the least p50", "p99", "p99.9"],
      ...["gaps > 50 / > 100 ms", "longest", "holds", "longest hold", "followed", "samples a second"],
    ],
    runs.map(({ profile, congestionControl, following }) => {
      const { delayMs, beyondLeastMs, gaps, holds, followed: share, samplesPerS } = following;
      const delays = [delayMs, beyondLeastMs].flatMap(({ p50, p99, p999 }) => [p50, p99, p999]);
      return [
        ...[profile, congestionControl, ...delays.map((ms) => figure(ms, "ms", 1))],
        ...[`${gaps.over50} / ${gaps.over100}`, figure(gaps.longestMs, "ms"), `${holds.count}`],
        ...[figure(holds.longestMs, "ms"), figure(100 * share, "%", 2), samplesPerS.toFixed(1)],
      ];
    }),
  );
  const cut = table(
    ["link", "a cut: holding after the last sample", "aligning after the return", "following"],
    runs.map(({ profile, cut: { holdingMs, aligningS, followingS } }) => [
      ...[profile, figure(holdingMs, "ms"), figure(aligningS, "s", 2), figure(followingS, "s", 2)],
    ]),
  );
  const taken = table(
    ["link", "client of the leader", "client of the follower", "safety rules broken"],
    runs.map(({ profile, clients, violations }) => [
      ...[profile, sayClient(clients.leader), sayClient(clients.follower), `${violations.length}`],
    ]),
  );
  return [followed, cut, taken].join("\n\n");
}

/** What bare lanes make of the same links. */
export function reportLanes(lanes: readonly LaneFigures[]): string {
  const head = ["link", "lane", "congestion control", "delay p50", "p99", "p99.9", "gaps > 50 / > 100 ms"];
  return table(
    [...head, "longest", "arrived"],
    lanes.map(({ profile, lane, congestionControl, delayMs, gaps, arrived, sent }) => [
      ...[profile, LANES[lane], lane === "mqtt" ? congestionControl : "none"],
      ...[delayMs.p50, delayMs.p99, delayMs.p999].map((ms) => figure(ms, "ms", 1)),
      ...[`${gaps.over50} / ${gaps.over100}`, figure(gaps.longestMs, "ms"), `${arrived} of ${sent}`],
    ]),
  );
}

function sayClient({ cpu, residentMB, proportionalMB }: ClientFigures): string {
  return `${cpu.toFixed(1)} % of a core, ${residentMB.toFixed(0)} MB (PSS ${proportionalMB.toFixed(0)})`;
}

function figure(value: number | undefined, unit: string, digits = 0): string {
  return value === undefined ? "never" : `${value.toFixed(digits)} ${unit}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}
