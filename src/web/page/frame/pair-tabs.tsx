/** Which pair is looked at, where there are several; and how each of them is. */
import { useRef } from "preact/hooks";
import { wordOf } from "../now/word.ts";
import type { Known } from "../screens.tsx";
import "./pair-tabs.css";

interface Properties {
  readonly pairs: readonly string[];
  readonly chosen: string;
  readonly known: ReadonlyMap<string, Known>;
  choose(pair: string): void;
}

/** The part of the page that the tabs change. */
export const PANEL_ID = "pair";

/** A tab for each pair: the arrow keys go from one to the next, as in every row of tabs. */
export function PairTabs({ pairs, chosen, known, choose }: Properties) {
  const row = useRef<HTMLDivElement>(null);
  const go = (event: KeyboardEvent) => {
    const at = pairs.indexOf(chosen);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: pairs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const index = (to + pairs.length) % pairs.length;
    choose(pairs[index]!);
    row.current?.querySelectorAll("button")[index]?.focus();
  };
  return (
    <div ref={row} class="tabs" role="tablist" aria-label="Pairs of arms" onKeyDown={go}>
      {pairs.map((pair) => {
        const { look, word } = wordOf(known.get(pair));
        return (
          <button
            key={pair}
            type="button"
            role="tab"
            id={tabId(pair)}
            aria-selected={pair === chosen}
            aria-controls={PANEL_ID}
            tabIndex={pair === chosen ? 0 : -1}
            onClick={() => choose(pair)}
          >
            {pair} <small class={`dot ${look}`}>{word}</small>
          </button>
        );
      })}
    </div>
  );
}

/** The name by which the panel knows its tab. */
export function tabId(pair: string): string {
  return `tab-${pair}`;
}
