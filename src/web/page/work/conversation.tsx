/**
 * A work that goes on, whichever it is: what is said, asked and shown, and how it ended. Any screen shows one so:
 *
 *     const work = useWork(pair);
 *     {work && <Conversation pair={pair} work={work} />}
 *
 * and begins one with `startWork(pair, { what: "calibrate", arm: "leader" })` of post.ts, whose reply says why it was not
 * begun. What came of a work stays until the next one; a screen that goes on by itself looks at `work.what` and
 * `work.conversation.ended.outcome`.
 */
import "./work.css";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ActionReply } from "../../messages.ts";
import type {
  Question as Asked,
  Conversation as Conversed,
  Ending,
  Line,
  WorkView,
} from "../../work/messages.ts";
import { Reply } from "../frame/reply.tsx";
import { byOwnMeans } from "../own-means.ts";
import { ComparedJoints } from "./compared.tsx";
import { answerWork, cancelWork } from "./post.ts";
import { SweptRanges } from "./ranges.tsx";
import { ServosToSetUp } from "./servos.tsx";

interface Properties {
  /** Whose work it is; null for the machine's. */
  readonly pair: string | null;
  readonly work: WorkView;
  /** What the screen has for what is asked by no question, such as a file. */
  readonly children?: ComponentChildren;
}

/** One work. */
export function Conversation({ pair, work: { id, title, conversation }, children }: Properties) {
  const place = useRef<HTMLElement>(null);
  const isOver = conversation?.ended != null;
  // It is begun by a button that may be screens below.
  useEffect(() => {
    if (!isOver) place.current?.scrollIntoView({ block: "start" });
  }, [id]);
  // How it ended is seen, too, where what was shown before it has gone.
  const running = useRef<string>(undefined);
  useEffect(() => {
    if (!isOver) running.current = id;
    else if (running.current === id) place.current?.scrollIntoView({ block: "nearest" });
  }, [id, isOver]);
  if (conversation === null) {
    return (
      <p class="notice" role="status">
        {title} goes on, on another page. Claim this page to see more of it.
      </p>
    );
  }
  return (
    <section class="work" aria-label={title} ref={place}>
      <h3>{title}</h3>
      {conversation.picture?.kind === "compared" && <ComparedJoints joints={conversation.picture.joints} />}
      <Said conversation={conversation} />
      <Shown conversation={conversation} />
      {conversation.ended ? (
        <End ended={conversation.ended} />
      ) : (
        <Replies pair={pair} asked={conversation.question}>
          {children}
        </Replies>
      )}
    </section>
  );
}

/** So much of what was said is shown: the page scrolls, and nothing in it. */
const SHOWN_LINES = 8;
/** So many are while it goes on: what is to be done now stands below them, and is to be seen at once. */
const SHOWN_BEFORE_AN_INSTRUCTION = 3;

/** What was said: the newest instruction large, the rest as it came. */
function Said({ conversation: { lines, ended } }: { readonly conversation: Conversed }) {
  const instruction = ended ? undefined : lines.findLast(({ tone }) => tone === "instruction");
  const shown = ended
    ? lines.slice(-SHOWN_LINES)
    : lines.filter(({ tone }) => tone !== "instruction").slice(-SHOWN_BEFORE_AN_INSTRUCTION);
  return (
    <>
      <div class="lines" role="log" aria-label="What was said">
        {shown.map(({ tone, message }, index) => (
          <p key={`${index} ${message}`} class={message.includes("\n") ? `${tone} table` : tone}>
            {marks[tone]}
            {byOwnMeans(message)}
          </p>
        ))}
      </div>
      {instruction && (
        <p class="asked" aria-live="polite">
          {instruction.message}
        </p>
      )}
    </>
  );
}

const marks: Readonly<Record<Line["tone"], string>> = {
  instruction: "",
  info: "",
  done: "✓ ",
  warning: "Warning: ",
  fault: "Wrong: ",
};

function Shown({ conversation: { picture, ended } }: { readonly conversation: Conversed }) {
  if (picture === null || picture.kind === "compared" || ended) return null;
  return picture.kind === "sweep" ? (
    <SweptRanges joints={picture.joints} />
  ) : (
    <ServosToSetUp joints={picture.joints} />
  );
}

interface RepliesProperties {
  readonly pair: string | null;
  readonly asked: Asked | null;
  readonly children?: ComponentChildren;
}

/** What can be answered now, and Cancel. */
function Replies({ pair, asked, children }: RepliesProperties) {
  const [isWaiting, setIsWaiting] = useState(false);
  const [reply, setReply] = useState<ActionReply>();
  const say = async (saying: Promise<ActionReply>) => {
    setIsWaiting(true);
    setReply(undefined);
    const came = await saying;
    setIsWaiting(false);
    if (!came.done) setReply(came);
  };
  const answer = (value: boolean | string) => {
    if (asked) void say(answerWork(pair, asked.id, value));
  };
  return (
    <>
      {asked ? (
        <Question asked={asked} isOff={isWaiting} answer={answer} />
      ) : (
        children || <p class="quiet">It goes on …</p>
      )}
      <button type="button" class="cancel" disabled={isWaiting} onClick={() => say(cancelWork(pair))}>
        Cancel
      </button>
      <Reply reply={reply} />
    </>
  );
}

interface QuestionProperties {
  readonly asked: Asked;
  readonly isOff: boolean;
  answer(value: boolean | string): void;
}

function Question({ asked, isOff, answer }: QuestionProperties) {
  const place = useRef<HTMLFieldSetElement>(null);
  const { id } = asked;
  // Who answers by keys goes on where the next question is: the button that had the focus is gone.
  useEffect(() => {
    if (id > 1 && document.activeElement === document.body) place.current?.focus();
  }, [id]);
  const button = (value: boolean | string, text: string, name = "", hint?: string) => (
    <button key={text} type="button" class={name} disabled={isOff} onClick={() => answer(value)}>
      {text}
      {hint && <small>{hint}</small>}
    </button>
  );
  return (
    <fieldset
      class={asked.kind === "yes or no" && asked.isGrave ? "question grave" : "question"}
      tabIndex={-1}
      ref={place}
    >
      <legend aria-live="polite">
        {asked.kind === "done" ? `Press Done when ${asked.text}.` : byOwnMeans(asked.text)}
      </legend>
      <div class="answers">
        {asked.kind === "done" && button(true, "Done", "yes")}
        {asked.kind === "choice" &&
          asked.choices.map(({ value, label, hint }) => button(value, label, "choice", hint))}
        {asked.kind === "yes or no" &&
          (asked.isGrave
            ? [button(false, "No", "yes"), button(true, "Yes")]
            : [button(true, "Yes", "yes"), button(false, "No")])}
      </div>
    </fieldset>
  );
}

const endings: Readonly<Record<Ending["outcome"], string>> = {
  done: "Done.",
  faults: "Done: something is wrong, as said above.",
  failed: "It failed.",
  interrupted: "It was ended early.",
};

function End({ ended: { outcome, text } }: { readonly ended: Ending }) {
  return (
    <p class={`ending ${outcome}`} role="status">
      <strong>{endings[outcome]}</strong> {byOwnMeans(text)}
    </p>
  );
}
