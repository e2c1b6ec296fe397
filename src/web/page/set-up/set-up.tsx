/** Setting a pair up: a step after the other, or each on its own. Where it stands the machine knows, not this page. */
import "./set-up.css";
import { useEffect, useState } from "preact/hooks";
import type { ActionReply } from "../../messages.ts";
import type { SetUpView } from "../../set-up/messages.ts";
import { Claim } from "../access/claim.tsx";
import { Reply } from "../frame/reply.tsx";
import type { ScreenProperties } from "../screens.tsx";
import { Conversation } from "../work/conversation.tsx";
import { FileDrop } from "../work/file-drop.tsx";
import { handFile, startNaming, startSetUp } from "../work/post.ts";
import { Steps } from "../work/steps.tsx";
import { useWork } from "../work/works.ts";
import { useSetUp } from "./asking.ts";
import { ClaimByBoard } from "./claim-by-board.tsx";
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
  const found = useSetUp(pair);
  const view = found && "steps" in found ? found : undefined;
  const work = useWork(pair);
  const [reply, setReply] = useState<ActionReply>();
  const say = async (asking: Promise<ActionReply>) => {
    const came = await asking;
    setReply(came.done ? undefined : came);
  };
  const begin = () => say(startSetUp(pair));
  const isWorking = work !== undefined && !work.conversation?.ended;
  const isOff = !isClaimed || isWorking;
  // Who has just shown that he is beside new boards need not say again that he wants to set them up.
  const isToBeNamed = view?.isNamed === false && view.arms.length > 1;
  const beginsByItself = isClaimed && isToBeNamed && work === undefined;
  useEffect(() => {
    if (beginsByItself) void begin();
  }, [beginsByItself]);
  if (found && "text" in found) return <p class="notice">{found.text}</p>;
  if (view === undefined) return <p class="boot">Looking at the boards …</p>;
  const instruction = work?.conversation?.lines.findLast(({ tone }) => tone === "instruction")?.message;
  const now = view.steps.find(({ state }) => state === "now")?.step;
  const Picture = pictureOf(isWorking ? instruction : attempt?.text) || PICTURES[now ?? "follow"];
  return (
    <section class="set-up" aria-labelledby="set-up-title">
      <h2 id="set-up-title">Set up</h2>
      <Picture />
      {work && (
        <Conversation pair={pair} work={work}>
          {isClaimed && view.awaitedFile && (
            <FileDrop
              arm={view.awaitedFile}
              isOff={false}
              take={(file) => handFile(pair, view.awaitedFile!, file)}
              refused={setReply}
            />
          )}
        </Conversation>
      )}
      {!isClaimed && !view.isNamed && <ClaimByBoard attempt={attempt} />}
      {!isClaimed && view.isNamed && <Claim pair={pair} isClaimed={isClaimed} attempt={attempt} />}
      {isClaimed && !isWorking && now !== undefined && now !== "follow" && (
        <button type="button" class="begin" onClick={begin}>
          {view.steps[0]!.state === "done" ? "Go on" : "Begin"}
        </button>
      )}
      <Reply reply={reply} />
      <Way view={view} />
      <h3>Each step on its own</h3>
      {view.arms.length > 1 && (
        <div class="names">
          <button type="button" disabled={isOff} onClick={() => say(startNaming(pair, "move"))}>
            Name the boards: move the leader
          </button>
          <button type="button" disabled={isOff} onClick={() => say(startNaming(pair, "unplug"))}>
            Name the boards: unplug one
          </button>
        </div>
      )}
      <Steps pair={pair} arms={view.arms} isClaimed={isClaimed} />
    </section>
  );
}

/** How far it has come. */
function Way({ view: { steps, boards, arms } }: { readonly view: SetUpView }) {
  return (
    <ol class="way" aria-label="How far it has come">
      {steps.map(({ step, state, text }) => (
        <li
          key={step}
          class={state === "to do" ? "later" : state}
          aria-current={state === "now" ? "step" : undefined}
        >
          <span class="mark" aria-hidden="true">
            {marks[state]}
          </span>
          <div>
            <h3>
              {step === "follow" && !arms.includes("follower") ? "Send" : titles[step]}{" "}
              <small>({words[state]})</small>
            </h3>
            <p>{text}</p>
            {step === "boards" && <Boards boards={boards} />}
          </div>
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
