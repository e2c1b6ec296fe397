/** Every step of setting arms up on its own: what the command line has, each begun by a button. */
import "./steps.css";
import { useState } from "preact/hooks";
import { JOINTS, type JointName, type Role } from "../../../arm/joints.ts";
import type { ActionReply } from "../../messages.ts";
import { Reply } from "../frame/reply.tsx";
import { FileDrop } from "./file-drop.tsx";
import { type AskedWork, startImport, startWork } from "./post.ts";
import { useWork } from "./works.ts";

interface Properties {
  readonly pair: string;
  /** The arms that are on this machine. */
  readonly arms: readonly Role[];
  /** Only a claimed page may begin a work. */
  readonly isClaimed: boolean;
}

/** The buttons; the work that one of them begins is drawn by `Conversation`. */
export function Steps({ pair, arms, isClaimed }: Properties) {
  const work = useWork(pair);
  const [reply, setReply] = useState<ActionReply>();
  const isOff = !isClaimed || (work !== undefined && !work.conversation?.ended);
  const start = async (order: AskedWork) => {
    const came = await startWork(pair, order);
    setReply(came.done ? undefined : came);
  };
  const button = (order: AskedWork, text: string) => (
    <button type="button" disabled={isOff} onClick={() => start(order)}>
      {text}
    </button>
  );
  return (
    <div class="steps">
      {!isClaimed && (
        <p>Each of these changes something, or moves an arm: claim this page first, on the screen Access.</p>
      )}
      <Reply reply={reply} />
      {arms.map((arm) => (
        <fieldset key={arm}>
          <legend>The {arm}</legend>
          <p class="quiet">Its calibration:</p>
          <div class="choices">
            {button({ what: "pull", arm }, "From its own servos")}
            <FileDrop
              arm={arm}
              isOff={isOff}
              take={(file) => startImport(pair, arm, file)}
              refused={setReply}
            />
            {button({ what: "calibrate", arm }, "Calibrate it now")}
            {button({ what: "apply", arm }, "Write it into the servos")}
          </div>
          <Further arm={arm} isOff={isOff} start={start} />
        </fieldset>
      ))}
      {arms.includes("follower") && (
        <fieldset>
          <legend>{arms.length > 1 ? "Both arms" : "Parking"}</legend>
          <div class="choices">
            {arms.length > 1 && button({ what: "compare" }, "Compare two poses")}
            {button({ what: "park" }, "Park the follower")}
            {button({ what: "take-pose" }, "Use the present pose as the parking pose")}
          </div>
        </fieldset>
      )}
    </div>
  );
}

interface FurtherProperties {
  readonly arm: Role;
  readonly isOff: boolean;
  start(order: AskedWork): void;
}

/** What is needed seldom: one joint alone, new servos, a calibration that was cut off. */
function Further({ arm, isOff, start }: FurtherProperties) {
  const [chosen, setChosen] = useState<JointName>();
  const joint = chosen === undefined ? {} : { joint: chosen };
  const button = (order: AskedWork, text: string) => (
    <button type="button" disabled={isOff} onClick={() => start(order)}>
      {text}
    </button>
  );
  return (
    <details>
      <summary>New servos, one joint, a calibration that was cut off</summary>
      <label class="joint">
        Joint
        <select
          onChange={({ currentTarget: { value } }) => setChosen(JOINTS.find((joint) => joint === value))}
        >
          <option value="">all six</option>
          {JOINTS.map((joint) => (
            <option key={joint}>{joint}</option>
          ))}
        </select>
      </label>
      <div class="choices">
        {button({ what: "setup-motors", arm, ...joint }, "Give the servos their ids")}
        {chosen === undefined &&
          button({ what: "setup-motors", arm, restart: true }, "… from the start again")}
        {chosen !== undefined && button({ what: "calibrate", arm, ...joint }, `Calibrate ${chosen} alone`)}
        {button({ what: "finish", arm }, "Complete what was cut off")}
        {button({ what: "undo", arm }, "Take back what was cut off")}
      </div>
    </details>
  );
}
