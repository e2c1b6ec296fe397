/** The pose in which the follower lies, taken as the one to park in. */
import { useEffect, useState } from "preact/hooks";
import type { ActionReply } from "../../messages.ts";
import { Conversation } from "../work/conversation.tsx";
import { startWork } from "../work/post.ts";
import { useWork } from "../work/works.ts";

interface Properties {
  readonly pair: string;
  readonly isFixed: boolean;
  /** Hears that the file has another pose. */
  taken(): void;
}

const WHAT = "take-pose";

/** The button, and what came of it. */
export function PresentPose({ pair, isFixed, taken }: Properties) {
  const work = useWork(pair);
  const [reply, setReply] = useState<ActionReply>();
  const isOver = work?.what === WHAT && work.conversation?.ended?.outcome === "done";
  useEffect(() => {
    if (isOver) taken();
  }, [isOver, work?.id]);
  const start = async () => setReply(await startWork(pair, { what: WHAT }));
  return (
    <>
      <button type="button" disabled={isFixed} onClick={start}>
        Use the present pose as the parking pose
      </button>
      {reply?.done === false && (
        <p class="failed" role="status">
          {reply.text}
        </p>
      )}
      {work?.what === WHAT && <Conversation pair={pair} work={work} />}
    </>
  );
}
