/** A report to be sent to whoever helps. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { ReportReply } from "../../health/messages.ts";
import { get } from "../get.ts";
import { pathOf } from "../pair-path.ts";

type Stage =
  | { readonly is: "none" | "asked" | "copied" }
  | { readonly is: "shown"; readonly text: string }
  | { readonly is: "failed"; readonly why: string };

/** Copies the report, or shows it selected where a browser copies nothing for a page that came without https. */
export function Report({ pair }: { readonly pair: string }) {
  const [stage, setStage] = useState<Stage>({ is: "none" });
  const area = useRef<HTMLTextAreaElement>(null);
  const ask = async () => {
    setStage({ is: "asked" });
    try {
      const { text } = await get<ReportReply>(pathOf(pair, "report"));
      setStage((await isCopied(text)) ? { is: "copied" } : { is: "shown", text });
    } catch (error) {
      setStage({ is: "failed", why: (error as Error).message });
    }
  };
  useEffect(() => {
    if (stage.is !== "shown") return;
    area.current?.focus();
    area.current?.select();
  }, [stage]);
  return (
    <section class="report" aria-label="Report">
      <p>
        For whoever helps: what the doctor finds, the state, what was told, and the versions. Names of people
        and machines, addresses and serial numbers are left out.
      </p>
      <button type="button" disabled={stage.is === "asked"} onClick={ask}>
        Copy a report
      </button>
      <p class={stage.is === "failed" ? "reply failed" : "reply"} role="status">
        {stage.is === "asked" && "The report is made …"}
        {stage.is === "copied" && "The report is copied: paste it where you ask for help."}
        {stage.is === "shown" && "The report is selected: copy it (Ctrl+C, or press it and choose Copy)."}
        {stage.is === "failed" && stage.why}
      </p>
      {stage.is === "shown" && (
        <textarea
          ref={area}
          readOnly
          aria-label="The report"
          onFocus={(event) => event.currentTarget.select()}
        >
          {stage.text}
        </textarea>
      )}
    </section>
  );
}

async function isCopied(text: string): Promise<boolean> {
  try {
    // Not there at all on a page that came by plain http.
    await (navigator.clipboard as Clipboard | undefined)?.writeText(text);
    return navigator.clipboard !== undefined;
  } catch {
    return false;
  }
}
