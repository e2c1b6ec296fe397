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
/** While an arm moves or holds, pages that are looked at say so each 0.25 s; they are gone when they do not … */
const LOOK_EVERY_MS = 50;
/** … while so many looks were taken, 0.7 s. They are counted: a process that was held up has not heard what came meanwhile. */
const SILENT_LOOKS = 14;
/** What came of a work is shown for so long, unless another is begun. */
const SHOWN_MS = 10 * 60_000;

interface OpenPage {
  readonly standing: Standing;
  readonly hear: (message: WorkMessage) => void;
}

/** A work that was begun. */
interface Begun {
  readonly work: Work;
  /** Of what moves an arm, the page that began it. */
  readonly pageId: string | undefined;
  /** Looks since a page said that somebody looks at it who must. */
  silentLooks: number;
}

/** The works of a server. */
export class Works {
  readonly #works = new Map<Place, Begun>();
  readonly #pages = new Map<string, OpenPage>();
  readonly #unseenMs: number;
  #unseen: ReturnType<typeof setTimeout> | undefined;
  #looks: ReturnType<typeof setInterval> | undefined;

  /** `unseenMs`: for how long a work that moves nothing goes on with no claimed page open. */
  constructor(unseenMs = UNSEEN_MS) {
    this.#unseenMs = unseenMs;
  }

  /** A page is open from now on, by an id of its own; `hear` gets what goes on, and what changes of it. */
  open(id: string, standing: Standing, hear: (message: WorkMessage) => void): WorkPage {
    const page = { standing, hear };
    this.#pages.set(id, page);
    for (const [place, { work }] of this.#works) tell(page, { kind: "work", pair: place, work: work.view });
    this.#watch();
    return {
      here: () => this.#hearHere(id, standing),
      leave: () => {
        this.#pages.delete(id);
        this.#watch();
      },
    };
  }

  /** Begins a work. What moves an arm takes the id of the page that begins it. */
  start(place: Place, plan: WorkPlan, pageId?: string): Refusal {
    const before = this.#works.get(place)?.work;
    if (before?.isOver === false) {
      return `${before.plan.title} goes on, on this or another page: wait until it has ended, or cancel it there.`;
    }
    if (plan.isDriving && this.#pages.get(pageId ?? "")?.standing !== "claimed") {
      return "What moves an arm takes an open page that hears the machine: open it again, and try again.";
    }
    const work = new Work(place, plan, (message) => this.#tell(message));
    this.#works.set(place, { work, pageId: plan.isDriving ? pageId : undefined, silentLooks: 0 });
    this.#tell({ kind: "work", pair: place, work: work.view });
    this.#watch();
    void work.over.then(() => this.#forgetLater(place, work));
    return undefined;
  }

  /** Answers a question. */
  answer(place: Place, question: number, value: boolean | string): Refusal {
    switch (this.#works.get(place)?.work.answer(question, value) ?? "not asked") {
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
    const work = this.#works.get(place)?.work;
    if (work === undefined || work.isOver) return "Nothing goes on that could be cancelled.";
    work.interrupt("cancelled");
    await work.over;
    return undefined;
  }

  /** Ends all of them, each with its own safe end. Resolves when they have ended. */
  async end(): Promise<void> {
    const works = [...this.#works.values()].map(({ work }) => work);
    for (const work of works) work.interrupt("the page's program was told to end");
    await Promise.all(works.map(({ over }) => over));
    clearTimeout(this.#unseen);
    clearInterval(this.#looks);
  }

  #tell(message: WorkMessage): void {
    for (const page of this.#pages.values()) tell(page, message);
  }

  get #goingOn(): Begun[] {
    return [...this.#works.values()].filter(({ work }) => !work.isOver);
  }

  /** Watches works and pages as they are now. */
  #watch(): void {
    const goesOn = this.#goingOn.length > 0;
    if (!goesOn) {
      clearInterval(this.#looks);
      this.#looks = undefined;
    } else this.#looks ??= setInterval(() => this.#look(), LOOK_EVERY_MS);
    const isSeen = [...this.#pages.values()].some(({ standing }) => standing === "claimed");
    if (isSeen || !goesOn) {
      clearTimeout(this.#unseen);
      this.#unseen = undefined;
      return;
    }
    this.#unseen ??= setTimeout(() => {
      this.#unseen = undefined;
      const why = `no claimed page was open for ${this.#unseenMs / 1_000} s`;
      for (const { work } of this.#goingOn) work.interrupt(why);
    }, this.#unseenMs);
  }

  #hearHere(id: string, standing: Standing): void {
    if (standing !== "claimed") return;
    for (const begun of this.#works.values()) {
      if (begun.pageId === undefined || begun.pageId === id) begun.silentLooks = 0;
    }
  }

  /** What moves an arm ends with the page that began it; what has an arm hold, with all. */
  #look(): void {
    for (const begun of this.#goingOn) {
      const { work, pageId } = begun;
      if (pageId === undefined && !work.isHolding) begun.silentLooks = 0;
      else if (++begun.silentLooks > SILENT_LOOKS || (pageId !== undefined && !this.#pages.has(pageId))) {
        work.interrupt(pageId === undefined ? "nobody looks at the page" : "the page that began it is gone");
      }
    }
  }

  #forgetLater(place: Place, work: Work): void {
    this.#watch();
    const timer = setTimeout(() => {
      if (this.#works.get(place)?.work !== work) return;
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
