/** Claiming the page: at the leader, with a board, or by a code. */
import { useState } from "preact/hooks";
import type { ActionReply } from "../../messages.ts";
import { Reply } from "../frame/reply.tsx";
import { pathOf } from "../pair-path.ts";
import { post } from "../post.ts";
import type { ClaimAttempt } from "./attempt.tsx";
import "./access.css";

interface Properties {
  readonly pair: string;
  readonly isClaimed: boolean;
  /** The attempt that goes on, on whichever page. */
  readonly attempt: ClaimAttempt | undefined;
  /** Whether the ways are shown at once; else who opens them sees them. */
  readonly isOpen?: boolean;
}

/** What an unclaimed page offers. */
export function Claim({ pair, isClaimed, attempt, isOpen = false }: Properties) {
  const [isTrying, setIsTrying] = useState(false);
  const [reply, setReply] = useState<ActionReply>();
  const claim = async (path: string, body: object) => {
    setIsTrying(true);
    setReply(undefined);
    const answer = await post(path, body);
    setIsTrying(false);
    setReply(answer);
    // The connection knows by its cookie that it is claimed: a new one.
    if (answer.done) location.reload();
  };
  if (isClaimed) return <p class="claimed">This page is claimed: it may make the arms move.</p>;
  const isOff = isTrying || attempt !== undefined;
  return (
    <details class="claim" open={isOpen}>
      <summary>Claim this page, to make the arms move</summary>
      <p>
        Resume, and all that changes something, takes somebody beside the arms. The pair is paused, and three
        motions of the leader are asked for, each from rest. You have 30 seconds.
      </p>
      <button type="button" disabled={isOff} onClick={() => claim(pathOf(pair, "claim"), {})}>
        Claim this page
      </button>
      <p>
        While no board has the name of an arm yet: unplug the board that is asked for, and plug it in again
        within 20 seconds.
      </p>
      <button type="button" disabled={isOff} onClick={() => claim("/claim-by-board", {})}>
        Claim with a board
      </button>
      <CodeForm disabled={isOff} entered={(code) => claim("/claim-by-code", { code })} />
      <Reply reply={reply} />
    </details>
  );
}

interface CodeProperties {
  readonly disabled: boolean;
  readonly entered: (code: string) => void;
}

function CodeForm({ disabled, entered }: CodeProperties) {
  const [code, setCode] = useState("");
  return (
    <form
      class="code"
      onSubmit={(event) => {
        event.preventDefault();
        entered(code);
      }}
    >
      <label>
        Or the code that <code>sudo so101 web claim</code> prints on the machine
        <input
          name="code"
          value={code}
          maxLength={16}
          autoComplete="one-time-code"
          autoCapitalize="characters"
          spellcheck={false}
          onInput={(event) => setCode(event.currentTarget.value)}
        />
      </label>
      <button type="submit" disabled={disabled || code.trim() === ""}>
        Use the code
      </button>
    </form>
  );
}
