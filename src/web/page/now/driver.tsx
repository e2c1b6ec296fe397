/** Who gives the follower its targets, what comes of the leader of another machine, and changing who it is. */
import { FigureList } from "../frame/figure-list.tsx";
import "./driver.css";
import { useState } from "preact/hooks";
import type { Status } from "../../../api/protocol.ts";
import type { ActionReply } from "../../messages.ts";
import type { LeadersReply } from "../../pairs/drivers.ts";
import { Reply } from "../frame/reply.tsx";
import { byOwnMeans } from "../own-means.ts";
import { pathOf } from "../pair-path.ts";
import { usePolled } from "../polled.ts";
import { post } from "../post.ts";
import { When } from "../when.tsx";

interface Properties {
  readonly pair: string;
  readonly status: Status;
  /** Only a claimed page may change who drives. */
  readonly isClaimed: boolean;
}

const LOCAL = "local";

/** One line, and on a claimed page the way to change it; of a service that tells nothing of it, nothing. */
export function Driver({ pair, status: { driver, armsHere }, isClaimed }: Properties) {
  if (armsHere === "leader") return <p class="driver">Its follower is on another machine.</p>;
  if (driver === undefined) return null;
  const { source, leader, isAwaited } = driver;
  const isClient = source === "client" || source === "replay";
  // In place of a client, or of nobody, any leader may be followed.
  const now = isClient || isAwaited ? "" : source === "local leader" ? LOCAL : (leader ?? "");
  return (
    <>
      <p class="driver">
        Driven by {kindOf(driver)}
        {leader !== null && !isAwaited && <b>{leader}</b>} since <When time={driver.since} />.
      </p>
      {isClaimed && <ChangeDriver pair={pair} now={now} />}
    </>
  );
}

/** Who drives, before the name where there is one. After a client a leader is waited for. */
function kindOf({ source, isAwaited }: NonNullable<Status["driver"]>): string {
  if (isAwaited) return "nobody";
  if (source === "local leader") return "the leader here";
  return source === "remote leader" ? "" : `the ${source} `;
}

/** Offers the other leaders that there are. */
function ChangeDriver({ pair, now }: { readonly pair: string; readonly now: string }) {
  const { answer } = usePolled<LeadersReply>(pathOf(pair, "leaders"), 10_000);
  const [chosen, setChosen] = useState<string>();
  const [isAsking, setIsAsking] = useState(false);
  const [reply, setReply] = useState<ActionReply>();
  const others = answer?.leaders.filter((leader) => leader !== now) ?? [];
  const leader = others.find((one) => one === chosen) ?? others[0];
  if (leader === undefined) return null;
  const follow = async () => {
    setIsAsking(true);
    setReply(undefined);
    setReply(await post(pathOf(pair, "follow"), { leader }));
    setIsAsking(false);
  };
  return (
    <details class="change-driver">
      <summary>Follow another leader</summary>
      {others.length > 1 && (
        <label>
          Leader{" "}
          <select value={leader} onChange={({ currentTarget }) => setChosen(currentTarget.value)}>
            {others.map((one) => (
              <option key={one} value={one}>
                {one === LOCAL ? "the leader here" : one}
              </option>
            ))}
          </select>
        </label>
      )}
      <p>
        The follower does not jump: it moves slowly to the pose of{" "}
        {leader === LOCAL ? "the leader here" : leader}, and follows from there on, until the service starts
        anew. Keep the space around it free.
      </p>
      <button type="button" disabled={isAsking} onClick={follow}>
        {leader === LOCAL ? "Follow the leader here" : `Follow ${leader}`}
      </button>
      <Reply reply={reply && { ...reply, text: byOwnMeans(reply.text) }} />
    </details>
  );
}

/** What comes of the leader of another machine, in figures. */
export function RemoteFigures({ of }: { readonly of: NonNullable<Status["remote"]> }) {
  const { delayMs, longestGapMs, old, late, ofOthers, missing, holds, wantedS, followedS } = of;
  const ms = (value: number | null) => (value === null ? "–" : `${value.toFixed(value < 100 ? 1 : 0)} ms`);
  const figures: readonly (readonly [string, string])[] = [
    ["delay beyond the least", `${ms(delayMs.p50)} (half), ${ms(delayMs.p99)} (99 of 100)`],
    ["longest gap", ms(longestGapMs)],
    ["time followed", wantedS > 0 ? `${((100 * followedS) / wantedS).toFixed(1)} %` : "–"],
    [
      "holds an hour",
      wantedS > 0 ? `${((3_600 * holds) / wantedS).toFixed(1)} (${holds} in all)` : `${holds}`,
    ],
    ["dropped", `${missing} missing, ${late} late, ${old} old, ${ofOthers} of others`],
  ];
  return <FigureList label={`What comes of ${of.leader}`} figures={figures} />;
}
