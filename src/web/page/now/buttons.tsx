/** Pause, Release and Resume. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Status } from "../../../api/protocol.ts";
import type { Action, ActionReply } from "../../messages.ts";
import { post } from "../post.ts";

interface Properties {
  readonly pair: string;
  readonly status: Status | undefined;
}

/** Releasing lets the arm sink: it takes a finger that means it. */
const HOLD_MS = 1_000;

/** The three buttons, and what came of the last one. */
export function Buttons({ pair, status }: Properties) {
  const [working, setWorking] = useState<Action>();
  const [reply, setReply] = useState<ActionReply>();
  const press = async (action: Action) => {
    setWorking(action);
    setReply(undefined);
    setReply(await post(`/pairs/${encodeURIComponent(pair)}/buttons`, { action }));
    setWorking(undefined);
  };
  const isOff = (action: Action) => status === undefined || (working !== undefined && working === action);
  return (
    <div class="bar">
      <p class={reply?.done === false ? "reply failed" : "reply"} role="status">
        {working === "release" ? "Releasing: keep a hand under the arm …" : reply?.text}
      </p>
      <div class="buttons">
        <button type="button" class="pause" disabled={isOff("pause")} onClick={() => press("pause")}>
          Pause
        </button>
        <HeldButton disabled={isOff("release")} held={() => press("release")} />
        <button type="button" class="resume" disabled={isOff("resume")} onClick={() => press("resume")}>
          Resume
        </button>
      </div>
    </div>
  );
}

/** Release: a finger, or a key, that stays down for a second. */
function HeldButton({ disabled, held }: { readonly disabled: boolean; readonly held: () => void }) {
  const [isDown, setIsDown] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const down = () => {
    if (disabled || timer.current !== undefined) return;
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
      disabled={disabled}
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
