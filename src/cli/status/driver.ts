/** Who gives the follower its targets, and what comes of the leader of another machine, in words. */
import type { Status } from "../../api/protocol.ts";
import { visible } from "../../linux/text/visible.ts";
import { duration, localTime } from "./times.ts";

const ONE_HOUR_S = 3_600;

/** A pair that has had its own leader from the start on has no other to be told from. */
const STARTED_WITHIN_MS = 5_000;

/** In a line or a few; none of a service that says nothing of it, or of a pair that nobody else has driven. */
export function describeDriver({ driver, armsHere, remote, startedAt }: Status, now: Date): string[] {
  const since = (time: string) => duration(now.getTime() - Date.parse(time));
  const here =
    armsHere === undefined || armsHere === "both"
      ? []
      : [`only the ${armsHere} of this pair is on this machine`];
  const who =
    driver === undefined || armsHere === "leader" || isAsEver(driver, startedAt)
      ? []
      : [`driven by ${nameOf(driver)} since ${localTime(driver.since)} (${since(driver.since)})`];
  const line = [...who, ...here].join("; ");
  return [...(line === "" ? [] : [line]), ...(remote === undefined ? [] : describeRemote(remote))];
}

function isAsEver({ source, since, isAwaited }: NonNullable<Status["driver"]>, startedAt: string): boolean {
  return (
    !isAwaited && source === "local leader" && Date.parse(since) - Date.parse(startedAt) < STARTED_WITHIN_MS
  );
}

/** Who drives, as it is called: nobody, the leader of this pair, `desk/main`, or a client with its address. */
function nameOf({ source, leader, isAwaited }: NonNullable<Status["driver"]>): string {
  if (isAwaited) return "nobody";
  if (source === "local leader") return "this pair's own leader";
  if (source === "remote leader") return visible(leader ?? "the leader of another machine");
  return visible(`the ${source} ${leader ?? ""}`.trim());
}

function describeRemote(remote: NonNullable<Status["remote"]>): string[] {
  const { leader, delayMs, longestGapMs, old, late, ofOthers, missing, holds, wantedS, followedS } = remote;
  const hours = wantedS / ONE_HOUR_S;
  const share = wantedS > 0 ? `${((100 * followedS) / wantedS).toFixed(1)} %` : "–";
  const rate = wantedS > 0 ? ` (${(holds / hours).toFixed(1)} an hour)` : "";
  return [
    `${visible(leader)}: delay beyond the least p50 ${ms(delayMs.p50)}, p99 ${ms(delayMs.p99)}, ` +
      `longest gap ${ms(longestGapMs)}`,
    `${visible(leader)}: followed ${share} of the time, ${holds} ${holds === 1 ? "hold" : "holds"}${rate}`,
    `${visible(leader)}: not acted upon: ${old} old, ${late} late, ${ofOthers} of others; ${missing} missing`,
  ];
}

function ms(value: number | null): string {
  return value === null ? "–" : `${value.toFixed(value < 100 ? 1 : 0)} ms`;
}
