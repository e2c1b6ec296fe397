/** The works that go on, as this page hears of them: kept outside of what is drawn, so that any screen can look. */
import { useEffect, useState } from "preact/hooks";
import type { PageMessage } from "../../messages.ts";
import type { WorkMessage, WorkView } from "../../work/messages.ts";

type Place = string | null;

const works = new Map<Place, WorkView>();
const lookers = new Set<() => void>();
let page = "";
/** What this page has begun, and moves an arm: for that it says that it is there. */
let driving: Place | undefined;

/** Takes in what the machine tells: a hello says which page this is, and that what was known is old. */
export function hearWork(message: WorkMessage | Extract<PageMessage, { kind: "hello" }>): void {
  if (message.kind === "hello") {
    page = message.page;
    works.clear();
  } else if (message.kind === "picture") {
    const work = works.get(message.pair);
    if (work?.id !== message.work || !work.conversation) return;
    const conversation = { ...work.conversation, picture: message.picture };
    works.set(message.pair, { ...work, conversation });
  } else if (message.work === null) works.delete(message.pair);
  else works.set(message.pair, message.work);
  for (const look of lookers) look();
}

/** What goes on with a pair, or with the machine (null), or was ended just now; undefined when nothing does. */
export function useWork(place: Place): WorkView | undefined {
  const [work, setWork] = useState(works.get(place));
  useEffect(() => {
    const look = () => setWork(works.get(place));
    look();
    lookers.add(look);
    return () => {
      lookers.delete(look);
    };
  }, [place]);
  return work;
}

/** This connection's id, which what moves an arm is begun with. */
export function pageId(): string {
  return page;
}

/** This page begins something that moves an arm. */
export function drive(place: Place): void {
  driving = place;
}

/** Whether this page must say that it is there. */
export function isDriving(): boolean {
  if (driving === undefined) return false;
  const work = works.get(driving);
  if (work === undefined || work.conversation?.ended) driving = undefined;
  return driving !== undefined;
}
