/** A LeRobot file that is picked or dropped, to become an arm's calibration. */
import { useRef, useState } from "preact/hooks";
import type { Role } from "../../../arm/joints.ts";
import type { ActionReply } from "../../messages.ts";

interface Properties {
  readonly arm: Role;
  readonly isOff: boolean;
  /** Hands the file over. */
  take(file: File): Promise<ActionReply>;
  /** Why the file was not taken; what else comes of it is told by the work. */
  refused(reply: ActionReply): void;
}

/** A button that picks a file, onto which one can be dropped, too. */
export function FileDrop({ arm, isOff, take, refused }: Properties) {
  const input = useRef<HTMLInputElement>(null);
  const [isOver, setIsOver] = useState(false);
  const hand = async (file: File | undefined) => {
    if (file === undefined) return;
    const reply = await take(file);
    if (!reply.done) refused(reply);
  };
  return (
    <>
      <input
        type="file"
        hidden
        accept=".json,application/json"
        aria-label={`Calibration file of the ${arm}`}
        ref={input}
        onChange={({ currentTarget }) => {
          void hand(currentTarget.files?.[0]);
          // So that the same file can be picked again.
          currentTarget.value = "";
        }}
      />
      <button
        type="button"
        class={isOver ? "drop over" : "drop"}
        disabled={isOff}
        onClick={() => input.current?.click()}
        onDragOver={(event) => {
          event.preventDefault();
          setIsOver(true);
        }}
        onDragLeave={() => setIsOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setIsOver(false);
          void hand(event.dataTransfer?.files[0]);
        }}
      >
        From a LeRobot file <small>pick it, or drop it here</small>
      </button>
    </>
  );
}
