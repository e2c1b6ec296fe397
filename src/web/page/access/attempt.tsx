/** What every page shows, wherever it has been scrolled to, while somebody claims one: what is asked of the person beside the arms. */
import type { PageMessage } from "../../messages.ts";

/** A claim that is being made. */
export type ClaimAttempt = Extract<PageMessage, { kind: "claim" }>;

interface Properties {
  readonly attempt: ClaimAttempt;
  /** Whether the machine has several pairs: then it is said at which leader. */
  readonly isOneOfSeveral: boolean;
}

/** The notice. */
export function AttemptNotice({ attempt: { pair, text, progress }, isOneOfSeveral }: Properties) {
  const where =
    pair === null ? "with a board" : isOneOfSeveral ? `at the leader of ${pair}` : "at the leader";
  return (
    <div class="notice attempt" role="status">
      <p>Somebody is claiming a page {where}: the pair is paused.</p>
      <p class="asked">{text}</p>
      <progress value={progress} max={1} aria-label="How much of it is done" />
    </div>
  );
}
