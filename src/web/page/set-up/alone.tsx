/** Each step on its own, for who knows what he wants. */
import { useState } from "preact/hooks";
import { ROLES, type Role } from "../../../arm/joints.ts";
import type { ActionReply } from "../../messages.ts";
import type { StepName } from "../../set-up/messages.ts";
import { post } from "../post.ts";
import { startImport, startWork } from "../work/post.ts";
import { Drop } from "./drop.tsx";

interface Properties {
  readonly pair: string;
  readonly step: StepName;
  /** Nothing can be begun just now. */
  readonly isOff: boolean;
}

/** What can be done in a step; nothing where there is nothing but the wizard. */
export function Alone({ pair, step, isOff }: Properties) {
  const [reply, setReply] = useState<ActionReply>();
  if (step === "follow") return null;
  const button = (text: string, begin: () => Promise<ActionReply>) => (
    <button key={text} type="button" disabled={isOff} onClick={async () => setReply(await begin())}>
      {text}
    </button>
  );
  const name = (way: "move" | "unplug") => () =>
    post(`/pairs/${encodeURIComponent(pair)}/set-up/names`, { way });
  const ofArm = (arm: Role) => (
    <div key={arm}>
      <h4>The {arm}'s</h4>
      <div class="row">
        {step === "servos" && button("Give ids", () => startWork(pair, { what: "setup-motors", arm }))}
        {step === "calibrations" && [
          button("Calibrate now", () => startWork(pair, { what: "calibrate", arm })),
          button("Take the servos'", () => startWork(pair, { what: "pull", arm })),
          button("Write the file's into the servos", () => startWork(pair, { what: "apply", arm })),
        ]}
      </div>
      {step === "calibrations" && !isOff && <Drop arm={arm} take={(file) => startImport(pair, arm, file)} />}
    </div>
  );
  return (
    <details class="alone">
      <summary>Do this step on its own</summary>
      {isOff && <p>This takes a claimed page, on which nothing else goes on.</p>}
      {step === "boards" && (
        <div class="row">
          {button("Tell them by moving the leader", name("move"))}
          {button("Tell them by a cable", name("unplug"))}
        </div>
      )}
      {(step === "servos" || step === "calibrations") && ROLES.map(ofArm)}
      {step === "compare" && (
        <div class="row">{button("Compare both arms", () => startWork(pair, { what: "compare" }))}</div>
      )}
      <p class={reply?.done === false ? "reply failed" : "reply"} role="status">
        {reply?.done === false && reply.text}
      </p>
    </details>
  );
}
