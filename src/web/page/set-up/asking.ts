/** How far a pair has come in being set up, asked of the machine again and again while somebody looks. */
import { useEffect, useState } from "preact/hooks";
import type { ActionReply } from "../../messages.ts";
import type { SetUpView } from "../../set-up/messages.ts";

/** Boards come and go by hand: this is soon enough. */
const LOOK_EVERY_MS = 700;

/** What was found last, or why nothing is; undefined before the machine has answered. */
export function useSetUp(pair: string): SetUpView | ActionReply | undefined {
  const [view, setView] = useState<SetUpView | ActionReply>();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let isOver = false;
    const look = async () => {
      const found = await setUpOf(pair);
      if (isOver) return;
      if (found) setView(found);
      timer = setTimeout(look, LOOK_EVERY_MS);
    };
    void look();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [pair]);
  return view;
}

/** Asks once; undefined where the machine is not heard. Never rejects. */
export async function setUpOf(pair: string): Promise<SetUpView | ActionReply | undefined> {
  try {
    const response = await fetch(`/pairs/${encodeURIComponent(pair)}/set-up`);
    return (await response.json()) as SetUpView | ActionReply;
  } catch {
    return undefined;
  }
}

/** A page that is opened without saying what is to be seen shows the wizard, where the pair's boards have no names yet. */
export function useSetUpAtFirst(pair: string | undefined): void {
  useEffect(() => {
    if (pair === undefined || location.hash !== "") return;
    void setUpOf(pair).then((found) => {
      if (found && "steps" in found && !found.isNamed && location.hash === "") location.hash = "set-up";
    });
  }, [pair]);
}
