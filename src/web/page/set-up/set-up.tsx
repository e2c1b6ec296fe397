/** Setting a pair up: a step after the other, or each on its own. Where it stands the machine knows, not this page. */
import "./set-up.css";
import { useEffect, useState } from "preact/hooks";
import type { ActionReply } from "../../messages.ts";
import type { SetUpView } from "../../set-up/messages.ts";
import { Claim } from "../access/claim.tsx";
import { post, send } from "../post.ts";
import type { ScreenProperties } from "../screens.tsx";
import { Conversation } from "../work/conversation.tsx";
import { useWork } from "../work/works.ts";
import { Alone } from "./alone.tsx";
import { useSetUp } from "./asking.ts";
import { Drop } from "./drop.tsx";
import { PICTURES, pictureOf } from "./pictures.tsx";

const titles = {
  boards: "Which board is which arm",
  servos: "The servos' ids",
  calibrations: "Calibrations",
  compare: "Do both arms agree?",
  follow: "Follow",
} as const;

const marks = { done: "✓", now: "▸", "to do": "·" } as const;
const words = { done: "done", now: "next", "to do": "to do" } as const;

/** The screen. */
export function SetUp({ pair, isClaimed, attempt }: ScreenProperties) {
  const view = useSetUp(pair);
  const work = useWork(pair);
  const [reply, setReply] = useState<ActionReply>();
  const path = `/pairs/${encodeURIComponent(pair)}/set-up`;
  const begin = async () => setReply(await post(path, {}));
  const isWorking = work !== undefined && !work.conversation?.ended;
  // Who has just shown that he is beside new boards need not say again that he wants to set them up.
  const beginsByItself = isClaimed && view?.isNamed === false && work === undefined;
  useEffect(() => {
    if (beginsByItself) void begin();
  }, [beginsByItself]);
  if (view === undefined) return <p class="boot">Looking at the boards …</p>;
  const instruction = work?.conversation?.lines.findLast(({ tone }) => tone === "instruction")?.message;
  const now = view.steps.find(({ state }) => state === "now")?.step;
  const Picture = (isWorking && pictureOf(instruction)) || PICTURES[now ?? "follow"];
  return (
    <section class="set-up" aria-label="Set up">
      <Picture />
      {work && <Conversation pair={pair} work={work} />}
      {isClaimed && view.awaitedFile && (
        <Drop
          arm={view.awaitedFile}
          take={(file) => send(`${path}/file?${queryOf(view.awaitedFile!, file)}`, file)}
        />
      )}
      {!isClaimed && <Claim pair={pair} isClaimed={isClaimed} attempt={attempt} />}
      {isClaimed && !isWorking && now !== undefined && now !== "follow" && (
        <button type="button" class="begin" onClick={begin}>
          {view.steps[0]!.state === "done" ? "Go on" : "Begin"}
        </button>
      )}
      <p class={reply?.done === false ? "reply failed" : "reply"} role="status">
        {reply?.done === false && reply.text}
      </p>
      <Steps pair={pair} view={view} isOff={!isClaimed || isWorking} />
    </section>
  );
}

function queryOf(arm: string, { name }: File): URLSearchParams {
  return new URLSearchParams({ arm, name: name.slice(-255) || "the file" });
}

interface StepsProperties {
  readonly pair: string;
  readonly view: SetUpView;
  readonly isOff: boolean;
}

function Steps({ pair, view: { steps, boards }, isOff }: StepsProperties) {
  return (
    <ol class="steps" aria-label="Steps">
      {steps.map(({ step, state, text }) => (
        <li
          key={step}
          class={state === "to do" ? "step later" : `step ${state}`}
          aria-current={state === "now" ? "step" : undefined}
        >
          <span class="mark" aria-hidden="true">
            {marks[state]}
          </span>
          <div>
            <h3>
              {titles[step]} <small>({words[state]})</small>
            </h3>
            <p>{text}</p>
            {step === "boards" && <Boards boards={boards} />}
          </div>
          <Alone pair={pair} step={step} isOff={isOff} />
        </li>
      ))}
    </ol>
  );
}

function Boards({ boards }: Pick<SetUpView, "boards">) {
  return (
    <ul class="boards" aria-label="USB boards">
      {boards.map(({ name, port, arm }) => (
        <li key={port}>
          {name}: {arm === null ? "not named yet" : `the ${arm}'s`}
        </li>
      ))}
    </ul>
  );
}
