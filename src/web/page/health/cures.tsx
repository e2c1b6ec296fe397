/** What settles a finding, to be pressed. */
import { useState } from "preact/hooks";
import type { Cure } from "../../../workflows/check.ts";
import { startNaming, startWork } from "../work/post.ts";
import { type Begin, type CureOffer, offersFor } from "./cure-offers.ts";

interface Properties {
  readonly pair: string;
  /** Only a claimed page may begin what changes something; another one is led to where it can be claimed. */
  readonly isClaimed: boolean;
  readonly cures: readonly Cure[];
}

/** A button for each cure that the page has a workflow for, and a link for each that it has a screen for. */
export function Cures({ pair, isClaimed, cures }: Properties) {
  const [refused, setRefused] = useState<string>();
  const offers = offersFor(cures);
  if (offers.length === 0) return null;
  const start = async ({ href }: CureOffer, begin: Exclude<Begin, undefined>) => {
    const came = await (begin === "naming" ? startNaming(pair, "move") : startWork(pair, begin));
    // What goes on is shown, and asks its questions, there.
    if (came.done) location.hash = href;
    setRefused(came.done ? undefined : came.text);
  };
  return (
    <div class="cures">
      {offers.map((offer) => {
        const { href, label, begin } = offer;
        return begin !== undefined && isClaimed ? (
          <button key={label} type="button" onClick={() => start(offer, begin)}>
            {label}
          </button>
        ) : (
          <a key={label} class="button" href={href}>
            {label}
          </a>
        );
      })}
      {refused !== undefined && (
        <p class="reply failed" role="status">
          {refused}
        </p>
      )}
    </div>
  );
}
