/** How far a pair has come in being set up, asked of the machine again and again while somebody looks. */
import { useEffect } from "preact/hooks";
import type { ActionReply } from "../../messages.ts";
import type { SetUpView } from "../../set-up/messages.ts";
import { get } from "../get.ts";
import { pathOf } from "../pair-path.ts";
import { usePolled } from "../polled.ts";

/** Boards come and go by hand: this is soon enough. */
const LOOK_EVERY_MS = 700;

/** What was found last, or why nothing is; undefined before the machine has answered. */
export function useSetUp(pair: string): SetUpView | ActionReply | undefined {
  const { answer, problem } = usePolled<SetUpView | ActionReply>(pathOf(pair, "set-up"), LOOK_EVERY_MS);
  return answer ?? (problem === undefined ? undefined : { done: false, text: problem });
}

/** A page that is opened without saying what is to be seen shows the wizard, where the pair's boards have no names yet. */
export function useSetUpAtFirst(pair: string | undefined): void {
  useEffect(() => {
    if (pair === undefined || location.hash !== "") return;
    const asked = get<SetUpView | ActionReply>(pathOf(pair, "set-up"));
    void asked.then(
      (found) => {
        if ("steps" in found && !found.isNamed && location.hash === "") location.hash = "set-up";
      },
      () => {}, // it is asked for again where it is shown
    );
  }, [pair]);
}
