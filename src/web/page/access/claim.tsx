/** Claiming the page, and what is asked of the person who does. */
import { useState } from "preact/hooks";
import type { ActionReply, PageMessage } from "../../messages.ts";
import { post } from "../post.ts";

interface Properties {
  readonly pair: string;
  readonly isClaimed: boolean;
  /** The attempt that goes on, on whichever page. */
  readonly attempt: Extract<PageMessage, { kind: "claim" }> | undefined;
}

/** What an unclaimed page offers; what every page shows while one is claimed. */
export function Claim({ pair, isClaimed, attempt }: Properties) {
  const [isTrying, setIsTrying] = useState(false);
  const [reply, setReply] = useState<ActionReply>();
  const tryIt = async () => {
    setIsTrying(true);
    setReply(undefined);
    const answer = await post(`/pairs/${encodeURIComponent(pair)}/claim`, {});
    setIsTrying(false);
    setReply(answer);
    // The connection knows by its cookie that it is claimed: a new one.
    if (answer.done) location.reload();
  };
  if (attempt) {
    return (
      <div class="notice" role="status">
        <p class="asked">
          {isTrying ? attempt.text : "Somebody is claiming a page at the leader: the pair is paused."}
        </p>
        <progress value={attempt.progress} max={1} aria-label="How much of the motion is made" />
      </div>
    );
  }
  if (isClaimed) return <p class="claimed">This page is claimed: it may make the arms move.</p>;
  return (
    <details class="claim">
      <summary>Claim this page, to make the arms move</summary>
      <p>
        Resume, and all that changes something, takes somebody beside the arms. The pair is paused, and three
        motions of the leader are asked for, each from rest. You have 30 seconds.
      </p>
      <button type="button" disabled={isTrying} onClick={tryIt}>
        Claim this page
      </button>
      <p class={reply?.done === false ? "reply failed" : "reply"} role="status">
        {reply?.text}
      </p>
    </details>
  );
}
