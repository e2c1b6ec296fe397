/** The page: which pair is looked at, and what is known of it. */
import { type ComponentChildren, render } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { PageMessage, SampleMessage } from "../messages.ts";
import { Buttons } from "./buttons.tsx";
import { Claim } from "./claim.tsx";
import { connect, type Reach } from "./connection.ts";
import { Events } from "./events.tsx";
import { Joints } from "./joints.tsx";
import { Now } from "./now.tsx";

/** What is known of a pair. */
export type Known =
  | Extract<PageMessage, { kind: "status" }>
  | Extract<PageMessage, { kind: "absent" }>
  | undefined;

/** The newest samples, by pair: they are drawn each frame, and are no reason to make the page anew. */
export const newestSamples = new Map<string, SampleMessage>();

/** What can be looked at, by the part of the address after #. */
const VIEWS = { now: "Now", joints: "Joints", events: "Events" } as const;
type View = keyof typeof VIEWS;

function viewOf(hash: string): View {
  const name = hash.slice(1);
  return name in VIEWS ? (name as View) : "now";
}

function App() {
  const [reach, setReach] = useState<Reach>("connecting");
  const [hello, setHello] = useState<Extract<PageMessage, { kind: "hello" }>>();
  const [known, setKnown] = useState<ReadonlyMap<string, Known>>(new Map());
  const [claim, setClaim] = useState<Extract<PageMessage, { kind: "claim" }>>();
  const [chosen, setChosen] = useState<string>();
  const [view, setView] = useState(viewOf(location.hash));
  useEffect(() => {
    const turn = () => setView(viewOf(location.hash));
    addEventListener("hashchange", turn);
    return () => removeEventListener("hashchange", turn);
  }, []);
  useEffect(() => {
    connect({
      reach: setReach,
      message(message) {
        if (message.kind === "sample") newestSamples.set(message.pair, message);
        else if (message.kind === "hello") setHello(message);
        else if (message.kind === "claim") setClaim(message.text === null ? undefined : message);
        else setKnown((before) => new Map(before).set(message.pair, message));
      },
    });
  }, []);
  const pairs = hello?.pairs ?? [];
  const pair = chosen !== undefined && pairs.includes(chosen) ? chosen : pairs[0];
  return (
    <>
      <header>
        <h1>{hello?.machine ?? "SO-101"}</h1>
        {pairs.length > 1 && (
          <nav aria-label="Pairs of arms">
            {pairs.map((name) => (
              <button
                key={name}
                type="button"
                aria-current={name === pair ? "page" : undefined}
                onClick={() => setChosen(name)}
              >
                {name}
              </button>
            ))}
          </nav>
        )}
      </header>
      {reach === "lost" && (
        <p class="notice" role="alert">
          The machine is not heard: is it on, and in this network? This page goes on by itself once it is
          back.
        </p>
      )}
      <nav aria-label="Views">
        {Object.entries(VIEWS).map(([name, title]) => (
          <a key={name} href={`#${name}`} aria-current={name === view ? "page" : undefined}>
            {title}
          </a>
        ))}
      </nav>
      <main class={reach === "connected" ? "" : "old"}>
        {pair === undefined ? (
          <p class="boot">Asking the machine …</p>
        ) : (
          <Pair key={pair} pair={pair} known={known.get(pair)} view={view}>
            <Claim pair={pair} isClaimed={hello?.isClaimed ?? false} attempt={claim} />
          </Pair>
        )}
      </main>
      <footer>so101 {hello?.program}</footer>
    </>
  );
}

interface PairProperties {
  readonly pair: string;
  readonly known: Known;
  readonly view: View;
  readonly children: ComponentChildren;
}

/** One pair in the view that was chosen; the buttons are in every view. */
function Pair({ pair, known, view, children }: PairProperties) {
  const status = known?.kind === "status" ? known.status : undefined;
  return (
    <>
      {view === "now" && (
        <Now pair={pair} known={known}>
          {children}
        </Now>
      )}
      {view === "joints" && <Joints status={status} />}
      {view === "events" && <Events status={status} />}
      <Buttons pair={pair} status={status} />
    </>
  );
}

const place = document.getElementById("app")!;
place.textContent = "";
render(<App />, place);
