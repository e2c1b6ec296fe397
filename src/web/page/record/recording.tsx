/** A recording that goes on, and what a person does in it: a big button begins and ends an episode. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { Recording as Recorded, RecordingOrder } from "../../../api/recording.ts";
import type { ActionReply } from "../../messages.ts";
import type { RecorderReply } from "../../recording/messages.ts";
import { durationOf, sizeOf } from "../datasets/listed.ts";
import { ConfirmedButton } from "../frame/confirmed-button.tsx";
import { FigureList } from "../frame/figure-list.tsx";
import { Reply } from "../frame/reply.tsx";
import { byOwnMeans } from "../own-means.ts";
import { pathOf } from "../pair-path.ts";
import { usePolled } from "../polled.ts";
import { post } from "../post.ts";

interface Properties {
  readonly pair: string;
  readonly recording: Recorded;
  readonly isClaimed: boolean;
  readonly freeBytes: number | null;
}

/** A second tap of the same finger must not end what the first began, nor remove another episode than the first. */
const DEAF_MS = 700;

const WORDS: Readonly<Record<Recorded["is"], string>> = {
  ready: "Ready",
  recording: "Recording",
  saving: "Saving",
  resetting: "Put things back",
  failed: "Failed",
  done: "Done",
};

/** What the big button does. */
const BIG: Readonly<
  Record<Recorded["is"], { readonly order: RecordingOrder; readonly words: string } | undefined>
> = {
  ready: { order: "begin", words: "Begin the episode" },
  resetting: { order: "begin", words: "Begin the episode" },
  recording: { order: "end", words: "End the episode" },
  saving: undefined,
  failed: undefined,
  done: undefined,
};

/** It. */
export function Recording({ pair, recording, isClaimed, freeBytes }: Properties) {
  const { is, dataset, task, fps, saved, remainingS, message } = recording;
  const name = dataset.slice(dataset.lastIndexOf("/") + 1);
  const { give, isDeaf, reply } = useOrders(pair);
  const big = BIG[is];
  return (
    <>
      <p class={`state ${is === "recording" ? "is-recording" : ""}`} aria-live="polite">
        {WORDS[is]}
        {is !== "done" && is !== "failed" && `: episode ${recording.episode}`}
      </p>
      <p class="why">{byOwnMeans(message)}</p>
      {isClaimed ? (
        <>
          <button
            type="button"
            class={is === "recording" ? "round is-on" : "round"}
            aria-disabled={big === undefined || isDeaf}
            onClick={() => big && !isDeaf && give(big.order)}
          >
            {big?.words ?? WORDS[is]}
            {remainingS !== null && <small>{Math.ceil(remainingS)} s left</small>}
          </button>
          <div class="orders">
            <button type="button" disabled={is !== "recording"} onClick={() => give("discard")}>
              Discard
            </button>
            {is === "recording" ? (
              <button type="button" aria-disabled={isDeaf} onClick={() => !isDeaf && give("again")}>
                Again
              </button>
            ) : (
              // The last one that was saved is removed for it.
              <ConfirmedButton
                what="Again"
                yes="Yes, remove the last one"
                isDisabled={is === "saving" || saved === 0}
                done={() => give("again")}
              />
            )}
            <button type="button" onClick={() => give("stop")}>
              Finish recording
            </button>
          </div>
          <Reply reply={reply && { ...reply, text: byOwnMeans(reply.text) }} />
        </>
      ) : (
        <p>
          The buttons take a claimed page.{" "}
          <a class="button" href="#access">
            Claim this page
          </a>
        </p>
      )}
      <Figures recording={recording} freeBytes={freeBytes} />
      <p>
        Task: <b>{task}</b>. To the dataset <b>{name}</b>, {fps} frames a second.
      </p>
      <OfTerminal pair={pair} />
    </>
  );
}

/** Whether the page has started it does not change while it goes on. */
const LOOK_EVERY_MS = 60_000;

/** Says so where the recorder is none that the page has started. */
function OfTerminal({ pair }: Pick<Properties, "pair">) {
  const { answer } = usePolled<RecorderReply>(pathOf(pair, "recorder"), LOOK_EVERY_MS);
  if (answer?.isOwn !== false) return null;
  return (
    <p>Somebody records from a terminal, or another program does: the buttons here are for that recording.</p>
  );
}

function Figures({ recording, freeBytes }: Pick<Properties, "recording" | "freeBytes">) {
  const { saved, episodes, frames, seconds, lost } = recording;
  const figures: readonly (readonly [string, string])[] = [
    ["saved", episodes === null ? `${saved}` : `${saved} of ${episodes}`],
    ["time", durationOf(seconds)],
    ["frames", `${frames}`],
    ["lost", `${lost}`],
    ["disk left", freeBytes === null ? "–" : sizeOf(freeBytes)],
  ];
  return <FigureList label="What is recorded" figures={figures} />;
}

/** Orders for the recorder, and what came of the last one; the big button, and "Again", are deaf for a moment after each. */
function useOrders(pair: string) {
  const [isDeaf, setIsDeaf] = useState(false);
  const [reply, setReply] = useState<ActionReply>();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const give = async (order: RecordingOrder) => {
    setIsDeaf(true);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setIsDeaf(false), DEAF_MS);
    setReply(await post(pathOf(pair, "record"), { order }));
  };
  return { give, isDeaf, reply };
}
