/** The works that go on, as this page hears of them: kept outside of what is drawn, so that any screen can look. */
import { useEffect, useState } from "preact/hooks";
import type { PageMessage } from "../../messages.ts";
import type { WorkMessage, WorkView } from "../../work/messages.ts";

type Place = string | null;

const works = new Map<Place, WorkView>();
const lookers = new Set<() => void>();
let page = "";

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

/** Whether the machine must know that somebody looks at this page: an arm moves, or holds while it is asked about. */
export function mustBeSeen(): boolean {
  return [...works.values()].some(({ isDriving, conversation }) => {
    const question = conversation?.question;
    return (
      (isDriving && conversation?.ended === null) || (question?.kind === "yes or no" && question.isHolding)
    );
  });
}
