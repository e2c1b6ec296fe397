/** What came of something that was pressed, below it. */
import { useEffect, useRef } from "preact/hooks";
import type { ActionReply } from "../../messages.ts";

/** The words; they come into sight where the screen has been scrolled elsewhere. Nothing while there is no reply. */
export function Reply({ reply }: { readonly reply: ActionReply | undefined }) {
  const place = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    if (reply !== undefined) place.current?.scrollIntoView({ block: "nearest" });
  }, [reply]);
  return (
    <p class={reply?.done === false ? "reply failed" : "reply"} role="status" ref={place}>
      {reply?.text}
    </p>
  );
}
