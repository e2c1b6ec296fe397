/** The page: which pair is looked at, on which screen. */
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { PageMessage } from "../messages.ts";
import { AttemptNotice } from "./access/attempt.tsx";
import { Claim } from "./access/claim.tsx";
import { useAddress } from "./address.ts";
import { connect, type Reach } from "./connection.ts";
import { hearOfFleet } from "./fleet/fleet-list.ts";
import { Absence } from "./frame/absence.tsx";
import { Boundary } from "./frame/boundary.tsx";
import { agreeWith } from "./frame/own-version.ts";
import { PANEL_ID, PairTabs, tabId } from "./frame/pair-tabs.tsx";
import { Buttons } from "./now/buttons.tsx";
import { keepSample } from "./samples.ts";
import { type Known, SCREENS, type ScreenName, screensWith } from "./screens.tsx";
import { useSetUpAtFirst } from "./set-up/asking.ts";
import { hearWork } from "./work/works.ts";

type Heard<Kind extends PageMessage["kind"]> = Extract<PageMessage, { kind: Kind }>;

function App() {
  const [reach, setReach] = useState<Reach>({ is: "connecting" });
  const [hello, setHello] = useState<Heard<"hello">>();
  const [known, setKnown] = useState<ReadonlyMap<string, Known>>(new Map());
  const [attempt, setAttempt] = useState<Heard<"claim">>();
  const [{ screen: asked, pair: named }, choose] = useAddress();
  useEffect(() => {
    connect({
      reach: (now) =>
        setReach((before) => (before.is === "connected" && now.is === "connected" ? before : now)),
      message(message) {
        if (message.kind === "sample") keepSample(message);
        else if (message.kind === "fleet") hearOfFleet();
        else if (message.kind === "claim") setAttempt(message.text === null ? undefined : message);
        else if (message.kind === "work" || message.kind === "picture") hearWork(message);
        else if (message.kind === "hello") {
          agreeWith(message.script);
          hearWork(message);
          setHello(message);
          // What was known when this page might still read is not true for long.
          if (!message.mayRead) setKnown(new Map());
        } else setKnown((before) => new Map(before).set(message.pair, message));
      },
    });
  }, []);
  const screens = screensWith(hello?.hasFleet ? "fleet" : "no fleet");
  // A link may lead to a screen that this machine has not.
  const screen = screens.some(([name]) => name === asked) ? asked : "now";
  // A screen is read from its top, wherever the one before was left.
  useEffect(() => scrollTo(0, 0), [screen]);
  const pairs = hello?.pairs ?? [];
  const pair = named !== undefined && pairs.includes(named) ? named : pairs[0];
  useSetUpAtFirst(pair);
  return (
    <>
      <header>
        <h1>{hello?.machine ?? "SO-101"}</h1>
        <small class="version">so101 {hello?.program}</small>
        {pair !== undefined && pairs.length > 1 && (
          <PairTabs pairs={pairs} chosen={pair} known={known} choose={choose} />
        )}
      </header>
      {reach.is === "lost" && (
        <p class="notice" role="alert">
          {reach.why}
        </p>
      )}
      <nav aria-label="Screens">
        {screens.map(([name, { title }]) => (
          <a key={name} href={`#${name}`} aria-current={name === screen ? "page" : undefined}>
            {title}
          </a>
        ))}
      </nav>
      <main class={reach.is === "connected" ? "" : "old"}>
        {pair === undefined ? (
          <>
            <p class="boot">
              {hello === undefined ? "Asking the machine …" : "This machine has no pair of arms configured."}
            </p>
            <Buttons pair={undefined} status={undefined} isClaimed={hello?.isClaimed ?? false} />
          </>
        ) : (
          <Pair
            key={pair}
            pair={pair}
            isOneOfSeveral={pairs.length > 1}
            known={known.get(pair)}
            screen={screen}
            isClaimed={hello?.isClaimed ?? false}
            mayRead={hello?.mayRead ?? false}
            attempt={attempt}
          />
        )}
      </main>
    </>
  );
}

interface PairProperties {
  readonly pair: string;
  readonly isOneOfSeveral: boolean;
  readonly known: Known;
  readonly screen: ScreenName;
  readonly isClaimed: boolean;
  readonly mayRead: boolean;
  readonly attempt: Heard<"claim"> | undefined;
}

/** One pair on the screen that was chosen; the buttons are on every one, whatever becomes of the screen. */
function Pair({ pair, isOneOfSeveral, known, screen, isClaimed, mayRead, attempt }: PairProperties) {
  const status = known?.kind === "status" ? known.status : undefined;
  const { title, View } = SCREENS[screen];
  const panel = isOneOfSeveral ? ({ role: "tabpanel", "aria-labelledby": tabId(pair) } as const) : {};
  return (
    <div id={PANEL_ID} {...panel}>
      <Boundary key={screen} what={`The screen “${title}”`}>
        {attempt && <AttemptNotice attempt={attempt} isOneOfSeveral={isOneOfSeveral} />}
        {mayRead ? (
          <>
            {screen !== "now" && <Absence known={known} screen={screen} />}
            <View pair={pair} known={known} status={status} isClaimed={isClaimed} attempt={attempt} />
          </>
        ) : (
          <>
            <p>This machine shows its arms to claimed pages only. Pause and Release work all the same.</p>
            <Claim pair={pair} isClaimed={isClaimed} attempt={attempt} isOpen />
          </>
        )}
      </Boundary>
      <Buttons pair={pair} status={status} isClaimed={isClaimed} />
    </div>
  );
}

const place = document.getElementById("app")!;
place.textContent = "";
render(<App />, place);
