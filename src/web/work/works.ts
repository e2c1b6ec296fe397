/**
 * All works that go on in the page's process: one a pair, and one for the machine. Every claimed page sees them, and can
 * go on with them.
 */
import type { Standing } from "../http/route.ts";
import type { WorkMessage } from "./messages.ts";
import { Work, type WorkPlan } from "./work.ts";

/** Where a work goes on: a pair's name, or null for what is about the machine. */
export type Place = string | null;

/** Why something is not done, for the person; undefined when it is done. */
export type Refusal = string | undefined;

/** An open page, as works know it. */
export interface WorkPage {
  /** It says that somebody looks at it. */
  here(): void;
  /** It is gone. */
  leave(): void;
}

/** A phone that locks its screen finds a work again for so long, where nothing moves. */
const UNSEEN_MS = 120_000;
/** A page that began what moves an arm says each 0.25 s that it is there; it is gone when it does not … */
const LOOK_EVERY_MS = 50;
/** … while so many looks were taken, 0.7 s. They are counted: a process that was held up has not heard what came meanwhile. */
const SILENT_LOOKS = 14;
/** What came of a work is shown for so long, unless another is begun. */
const SHOWN_MS = 10 * 60_000;

interface OpenPage {
  readonly standing: Standing;
  readonly hear: (message: WorkMessage) => void;
  /** Looks since it said that it is there. */
  silentLooks: number;
}

/** The works of a server. */
export class Works {
  readonly #works = new Map<Place, Work>();
  readonly #pages = new Map<string, OpenPage>();
  readonly #unseenMs: number;
  #unseen: ReturnType<typeof setTimeout> | undefined;

  /** `unseenMs`: for how long a work that moves nothing goes on with no claimed page open. */
  constructor(unseenMs = UNSEEN_MS) {
    this.#unseenMs = unseenMs;
  }

  /** A page is open from now on, by an id of its own; `hear` gets what goes on, and what changes of it. */
  open(id: string, standing: Standing, hear: (message: WorkMessage) => void): WorkPage {
    const page = { standing, hear, silentLooks: 0 };
    this.#pages.set(id, page);
    for (const [place, { view }] of this.#works) tell(page, { kind: "work", pair: place, work: view });
    this.#watchUnseen();
    return {
      here() {
        page.silentLooks = 0;
      },
      leave: () => {
        this.#pages.delete(id);
        this.#watchUnseen();
      },
    };
  }

  /** Begins a work. What moves an arm takes the id of the page that begins it. */
  start(place: Place, plan: WorkPlan, pageId?: string): Refusal {
    const before = this.#works.get(place);
    if (before?.isOver === false) {
      return `${before.plan.title} goes on, on this or another page: wait until it has ended, or cancel it there.`;
    }
    const page = this.#pages.get(pageId ?? "");
    if (plan.isDriving && page?.standing !== "claimed") {
      return "What moves an arm takes an open page that hears the machine: open it again, and try again.";
    }
    const work = new Work(place, plan, (message) => this.#tell(message));
    this.#works.set(place, work);
    this.#tell({ kind: "work", pair: place, work: work.view });
    this.#watchUnseen();
    if (plan.isDriving) this.#watchSilence(work, pageId!, page!);
    void work.over.then(() => this.#forgetLater(place, work));
    return undefined;
  }

  /** Answers a question. */
  answer(place: Place, question: number, value: boolean | string): Refusal {
    switch (this.#works.get(place)?.answer(question, value) ?? "not asked") {
      case "taken":
        return undefined;
      case "not asked":
        return "That is not asked any more: it was answered, on this or another page, or has ended.";
      case "no answer":
        return "That is no answer to what is asked.";
    }
  }

  /** Ends a work early. Resolves when it has ended. */
  async cancel(place: Place): Promise<Refusal> {
    const work = this.#works.get(place);
    if (work === undefined || work.isOver) return "Nothing goes on that could be cancelled.";
    work.interrupt("cancelled");
    await work.over;
    return undefined;
  }

  /** Ends all of them, each with its own safe end. Resolves when they have ended. */
  async end(): Promise<void> {
    clearTimeout(this.#unseen);
    for (const work of this.#works.values()) work.interrupt("the page's program was told to end");
    await Promise.all([...this.#works.values()].map(({ over }) => over));
  }

  #tell(message: WorkMessage): void {
    for (const page of this.#pages.values()) tell(page, message);
  }

  /** What nobody sees any more is ended after a while. */
  #watchUnseen(): void {
    const isSeen = [...this.#pages.values()].some(({ standing }) => standing === "claimed");
    const goesOn = [...this.#works.values()].some(({ isOver }) => !isOver);
    if (isSeen || !goesOn) {
      clearTimeout(this.#unseen);
      this.#unseen = undefined;
      return;
    }
    this.#unseen ??= setTimeout(() => {
      this.#unseen = undefined;
      const why = `no claimed page was open for ${this.#unseenMs / 1_000} s`;
      for (const work of this.#works.values()) work.interrupt(why);
    }, this.#unseenMs);
  }

  /** What moves an arm ends with the page that began it, or once that says nothing any more. */
  #watchSilence(work: Work, pageId: string, page: OpenPage): void {
    page.silentLooks = 0;
    const timer = setInterval(() => {
      const isThere = this.#pages.get(pageId) === page && ++page.silentLooks <= SILENT_LOOKS;
      if (!isThere) work.interrupt("the page that began it is gone");
    }, LOOK_EVERY_MS);
    void work.over.then(() => clearInterval(timer));
  }

  #forgetLater(place: Place, work: Work): void {
    this.#watchUnseen();
    const timer = setTimeout(() => {
      if (this.#works.get(place) !== work) return;
      this.#works.delete(place);
      this.#tell({ kind: "work", pair: place, work: null });
    }, SHOWN_MS);
    timer.unref();
  }
}

/** Tells a page; one that is not claimed learns that something goes on, and when it is over. */
function tell({ standing, hear }: OpenPage, message: WorkMessage): void {
  if (standing === "claimed") {
    hear(message);
    return;
  }
  if (message.kind === "picture") return;
  const isGoingOn = message.work !== null && message.work.conversation?.ended === null;
  hear({ ...message, work: isGoingOn ? { ...message.work!, conversation: null } : null });
}
