/** The metrics of who drives a follower, and of what comes from the leader of another machine. */
import type { Status } from "../api/protocol.ts";
import type { Metric } from "./metric.ts";

type Remote = NonNullable<Status["remote"]>;

/** After a client a leader is waited for. */
const NOBODY = { source: "nobody", leader: "" };

/** Those metrics. The ones of a remote leader have samples while one is followed. */
export const DRIVING_METRICS: readonly Metric[] = [
  {
    name: "so101_driver_info",
    help: "Always 1; the labels say who gives the follower its targets.",
    type: "gauge",
    samples: ({ driver, armsHere }) =>
      driver === undefined || armsHere === "leader"
        ? []
        : [[driver.isAwaited ? NOBODY : { source: driver.source, leader: driver.leader ?? "" }, 1]],
  },
  {
    name: "so101_driver_start_time_seconds",
    help: "Since when that one gives the follower its targets, Unix time.",
    type: "gauge",
    samples: ({ driver, armsHere }) =>
      driver === undefined || armsHere === "leader" ? [] : [[{}, Date.parse(driver.since) / 1e3]],
  },
  {
    name: "so101_remote_delay_seconds",
    help: "Delay of a remote leader's samples beyond the least of the last 10 s.",
    type: "summary",
    samples: ({ remote }) =>
      remote === undefined
        ? []
        : Object.entries({ "0.5": remote.delayMs.p50, "0.99": remote.delayMs.p99 }).map(([quantile, ms]) => [
            { quantile },
            ms === null ? null : ms / 1e3,
          ]),
  },
  ofRemote(
    "so101_remote_longest_gap_seconds",
    "The longest time between two samples of a remote leader that were acted upon, without a hold between.",
    "gauge",
    ({ longestGapMs }) => longestGapMs / 1e3,
  ),
  ofRemote(
    "so101_remote_samples_total",
    "Samples of a remote leader that were acted upon.",
    "counter",
    ({ samples }) => samples,
  ),
  {
    name: "so101_remote_dropped_samples_total",
    help: "Samples of a remote leader that were not acted upon, by why: old, late, other (leader), missing.",
    type: "counter",
    samples: ({ remote }) =>
      remote === undefined
        ? []
        : Object.entries({
            old: remote.old,
            late: remote.late,
            other: remote.ofOthers,
            missing: remote.missing,
          }).map(([reason, count]) => [{ reason }, count]),
  },
  ofRemote(
    "so101_remote_holds_total",
    "How often the follower was held because of a remote leader.",
    "counter",
    ({ holds }) => holds,
  ),
  ofRemote(
    "so101_remote_wanted_seconds_total",
    "For how long a remote leader was to be followed.",
    "counter",
    ({ wantedS }) => wantedS,
  ),
  ofRemote(
    "so101_remote_followed_seconds_total",
    "For how long of that it was followed.",
    "counter",
    ({ followedS }) => followedS,
  ),
];

function ofRemote(
  name: string,
  help: string,
  type: Metric["type"],
  value: (remote: Remote) => number,
): Metric {
  return { name, help, type, samples: ({ remote }) => (remote === undefined ? [] : [[{}, value(remote)]]) };
}
