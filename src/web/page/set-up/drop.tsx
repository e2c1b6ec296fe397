/** Handing a file over: picked, or dropped on the page. */
import { useState } from "preact/hooks";
import type { Role } from "../../../arm/joints.ts";
import type { ActionReply } from "../../messages.ts";

interface Properties {
  readonly arm: Role;
  /** Hands it over, and says what came of it. */
  take(file: File): Promise<ActionReply>;
}

/** Takes one file. */
export function Drop({ arm, take }: Properties) {
  const [isOver, setIsOver] = useState(false);
  const [reply, setReply] = useState<ActionReply>();
  const hand = async (files: FileList | null | undefined) => {
    const [file, ...others] = [...(files ?? [])];
    if (file === undefined) return;
    setReply(
      others.length > 0
        ? { done: false, text: "One file only: the calibration of this arm." }
        : await take(file),
    );
  };
  return (
    <div
      class={isOver ? "drop over" : "drop"}
      role="group"
      aria-label={`A file for the ${arm}`}
      onDragOver={(event) => {
        event.preventDefault();
        setIsOver(true);
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setIsOver(false);
        void hand(event.dataTransfer?.files);
      }}
    >
      <label>
        The {arm}'s calibration file, picked or dropped here
        <input
          type="file"
          accept=".json,application/json"
          onChange={(event) => {
            void hand(event.currentTarget.files);
            // The same file may be picked again.
            event.currentTarget.value = "";
          }}
        />
      </label>
      <p class={reply?.done === false ? "reply failed" : "reply"} role="status">
        {reply?.text}
      </p>
    </div>
  );
}
