/** A button that asks once more, in its own place. */
import { useState } from "preact/hooks";
import "./confirmed-button.css";

interface Properties {
  /** What it does. */
  readonly what: string;
  /** What says that it is to be done. */
  readonly yes: string;
  readonly isDisabled?: boolean;
  done(): void;
}

/** It. */
export function ConfirmedButton({ what, yes, isDisabled = false, done }: Properties) {
  const [isAsking, setIsAsking] = useState(false);
  if (!isAsking || isDisabled) {
    return (
      <button type="button" disabled={isDisabled} onClick={() => setIsAsking(true)}>
        {what}
      </button>
    );
  }
  return (
    <fieldset class="confirm" aria-label={`${what}?`}>
      <button
        type="button"
        class="danger"
        // biome-ignore lint/a11y/noAutofocus: the button that was pressed has gone, and its question is in its place
        autoFocus
        onClick={() => {
          setIsAsking(false);
          done();
        }}
      >
        {yes}
      </button>
      <button type="button" onClick={() => setIsAsking(false)}>
        No
      </button>
    </fieldset>
  );
}
