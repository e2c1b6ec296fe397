/** The page: which pair is looked at, on which screen. */
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { PageMessage } from "../messages.ts";
import { connect, type Reach } from "./connection.ts";
import { Buttons } from "./now/buttons.tsx";
import { newestSamples } from "./samples.ts";
import { type Known, SCREENS, type ScreenName } from "./screens.tsx";
import { hearWork } from "./work/works.ts";

type Heard<Kind extends PageMessage["kind"]> = Extract<PageMessage, { kind: Kind }>;

function screenOf(hash: string): ScreenName {
  const name = hash.slice(1);
  return name in SCREENS ? (name as ScreenName) : "now";
}

function App() {
  const [reach, setReach] = useState<Reach>("connecting");
  const [hello, setHello] = useState<Heard<"hello">>();
  const [known, setKnown] = useState<ReadonlyMap<string, Known>>(new Map());
  const [attempt, setAttempt] = useState<Heard<"claim">>();
  const [chosen, setChosen] = useState<string>();
  const [screen, setScreen] = useState(screenOf(location.hash));
  useEffect(() => {
    const turn = () => setScreen(screenOf(location.hash));
    addEventListener("hashchange", turn);
    return () => removeEventListener("hashchange", turn);
  }, []);
  useEffect(() => {
    connect({
      reach: setReach,
      message(message) {
        if (message.kind === "sample") newestSamples.set(message.pair, message);
        else if (message.kind === "work" || message.kind === "picture") hearWork(message);
        else if (message.kind === "hello") {
          hearWork(message);
          setHello(message);
        } else if (message.kind === "claim") setAttempt(message.text === null ? undefined : message);
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
        {pairs.length > 1 && <PairTabs pairs={pairs} pair={pair} choose={setChosen} />}
      </header>
      {reach === "lost" && (
        <p class="notice" role="alert">
          The machine is not heard: is it on, and in this network? This page goes on by itself once it is
          back.
        </p>
      )}
      <nav aria-label="Screens">
        {Object.entries(SCREENS).map(([name, { title }]) => (
          <a key={name} href={`#${name}`} aria-current={name === screen ? "page" : undefined}>
            {title}
          </a>
        ))}
      </nav>
      <main class={reach === "connected" ? "" : "old"}>
        {pair === undefined ? (
          <p class="boot">Asking the machine …</p>
        ) : (
          <Pair
            key={pair}
            pair={pair}
            known={known.get(pair)}
            screen={screen}
            isClaimed={hello?.isClaimed ?? false}
            attempt={attempt?.pair === pair ? attempt : undefined}
          />
        )}
      </main>
      <footer>so101 {hello?.program}</footer>
    </>
  );
}

interface TabsProperties {
  readonly pairs: readonly string[];
  readonly pair: string | undefined;
  choose(pair: string): void;
}

function PairTabs({ pairs, pair, choose }: TabsProperties) {
  return (
    <nav aria-label="Pairs of arms">
      {pairs.map((name) => (
        <button
          key={name}
          type="button"
          aria-current={name === pair ? "page" : undefined}
          onClick={() => choose(name)}
        >
          {name}
        </button>
      ))}
    </nav>
  );
}

interface PairProperties {
  readonly pair: string;
  readonly known: Known;
  readonly screen: ScreenName;
  readonly isClaimed: boolean;
  readonly attempt: Heard<"claim"> | undefined;
}

/** One pair on the screen that was chosen; the buttons are on every one. */
function Pair({ pair, known, screen, isClaimed, attempt }: PairProperties) {
  const status = known?.kind === "status" ? known.status : undefined;
  const { View } = SCREENS[screen];
  return (
    <>
      <View pair={pair} known={known} status={status} isClaimed={isClaimed} attempt={attempt} />
      <Buttons pair={pair} status={status} />
    </>
  );
}

const place = document.getElementById("app")!;
place.textContent = "";
render(<App />, place);
