/** Pause, Release and Resume. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Status } from "../../../api/protocol.ts";
import type { Action, ActionReply } from "../../messages.ts";
import { byOwnMeans } from "../own-means.ts";
import { pathOf } from "../pair-path.ts";
import { post } from "../post.ts";

interface Properties {
  /** Undefined while it is not known which there are: then what makes arms stand still is asked of all. */
  readonly pair: string | undefined;
  readonly status: Status | undefined;
  /** Whether this page is claimed. */
  readonly isClaimed: boolean;
}

/** Releasing lets the arm sink: it takes a finger that means it. */
const HOLD_MS = 1_000;

/** What came of a button is true for a while, and then in the way of what is above it. */
const SHOWN_MS = 15_000;

/** The three buttons, and what came of the last one. */
export function Buttons({ pair, status, isClaimed }: Properties) {
  const [working, setWorking] = useState<Action>();
  const [reply, setReply] = useState<ActionReply>();
  const presses = useRef(0);
  const press = async (action: Action) => {
    const press = ++presses.current;
    setWorking(action);
    setReply(undefined);
    const came = await post(pathOf(pair, "buttons"), { action });
    // What was pressed since then has an answer of its own, which this one must not take the place of.
    if (press !== presses.current) return;
    setReply(came);
    setWorking(undefined);
  };
  useEffect(() => {
    if (reply === undefined) return;
    const timer = setTimeout(() => setReply(undefined), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [reply]);
  // What makes an arm stand still can be pressed whatever is known, and again while nothing has come of it.
  const cannotResume = status === undefined || working === "resume";
  return (
    <div class="bar">
      <p class={reply?.done === false ? "reply failed" : "reply"} role="status">
        {working === "release" ? "Releasing: keep a hand under the arm …" : byOwnMeans(reply?.text ?? "")}
      </p>
      {reply?.done === false && !isClaimed && status !== undefined && (
        <p class="reply">
          <a class="button" href="#access">
            Claim this page
          </a>
        </p>
      )}
      <div class="buttons">
        <button type="button" class="pause" onClick={() => press("pause")}>
          Pause
        </button>
        <HeldButton held={() => press("release")} />
        <button type="button" class="resume" disabled={cannotResume} onClick={() => press("resume")}>
          Resume
        </button>
      </div>
    </div>
  );
}

/** Release: a finger, or a key, that stays down for a second. */
function HeldButton({ held }: { readonly held: () => void }) {
  const [isDown, setIsDown] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const down = () => {
    if (timer.current !== undefined) return;
    setIsDown(true);
    timer.current = setTimeout(() => {
      up();
      held();
    }, HOLD_MS);
  };
  const up = () => {
    clearTimeout(timer.current);
    timer.current = undefined;
    setIsDown(false);
  };
  useEffect(() => up, []);
  const isKey = ({ key }: KeyboardEvent) => key === " " || key === "Enter";
  return (
    <button
      type="button"
      class={isDown ? "release held" : "release"}
      aria-describedby="hold"
      onPointerDown={down}
      onPointerUp={up}
      onPointerLeave={up}
      onPointerCancel={up}
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={(event) => isKey(event) && down()}
      onKeyUp={(event) => isKey(event) && up()}
      onBlur={up}
    >
      Release
      <small id="hold">press for 1 s</small>
    </button>
  );
}
