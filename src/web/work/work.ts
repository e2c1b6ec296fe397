/** One work: a workflow that goes on for whichever claimed page looks, until it has ended. */
import { randomUUID } from "node:crypto";
import type { Role } from "../../arm/joints.ts";
import type { Audience } from "../../messages/audience.ts";
import { messageOf } from "../../workflows/api-problem.ts";
import { AlreadyTold, Interrupted } from "../../workflows/errors.ts";
import type { Operator } from "../../workflows/operator.ts";
import type { Conversation, Ending, Outcome, WorkMessage, WorkView } from "./messages.ts";
import { type Change, PageOperator } from "./operator.ts";

/** What is to be done. */
export interface WorkPlan {
  /** Which work it is, as it was asked for. */
  readonly what: string;
  readonly arm?: Role | undefined;
  /** `Calibrating the leader`. */
  readonly title: string;
  /** Whether it moves an arm: then it ends within a second of the page that begins it. */
  readonly isDriving: boolean;
  /** Who reads its words. */
  readonly audience: Audience;
  /** Does it, and leaves the arms safe whatever ends it; what it throws is told. */
  run(operator: Operator): Promise<Outcome>;
}

/** No page is told more often: eyes and phones take no more. */
const TELL_EVERY_MS = 67;

/** A work that was begun. */
export class Work {
  readonly plan: WorkPlan;
  /** Resolves when it has ended; never rejects. */
  readonly over: Promise<void>;
  readonly #id = randomUUID();
  readonly #pair: string | null;
  readonly #tell: (forClaimed: WorkMessage) => void;
  readonly #interruption = new AbortController();
  readonly #operator: PageOperator;
  #ending: Ending | undefined;
  #change: Change | undefined;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Begins it. `tell` is called with what claimed pages are told, 15 times a second at most. */
  constructor(pair: string | null, plan: WorkPlan, tell: (forClaimed: WorkMessage) => void) {
    this.#pair = pair;
    this.plan = plan;
    this.#tell = tell;
    this.#operator = new PageOperator(plan.audience, this.#interruption, (change) => this.#changed(change));
    this.over = this.#run();
  }

  get isOver(): boolean {
    return this.#ending !== undefined;
  }

  /** Whether a question is open while which an arm holds. */
  get isHolding(): boolean {
    const { question } = this.#operator.conversation;
    return question?.kind === "yes or no" && question.isHolding;
  }

  /** The whole of it, as claimed pages see it. */
  get view(): WorkView & { readonly conversation: Conversation } {
    const { what, arm = null, title, isDriving } = this.plan;
    const conversation = { ...this.#operator.conversation, ended: this.#ending ?? null };
    return { id: this.#id, what, arm, title, isDriving, conversation };
  }

  /** Takes an answer, as {@link PageOperator.answer} does. */
  answer(question: number, value: boolean | string): "taken" | "not asked" | "no answer" {
    return this.#operator.answer(question, value);
  }

  /** Has it end early, with its own safe end; `why` is told. */
  interrupt(why: string): void {
    this.#interruption.abort(new Interrupted(why));
  }

  async #run(): Promise<void> {
    try {
      // Who has begun it is answered first: a workflow reads an arm at once.
      await Promise.resolve();
      const outcome = await this.plan.run(this.#operator);
      this.#ending = { outcome, text: "" };
    } catch (error) {
      const outcome = error instanceof Interrupted ? "interrupted" : "failed";
      const text = error instanceof AlreadyTold ? "" : messageOf(error, this.plan.audience);
      this.#ending = { outcome, text };
    }
    this.#changed("conversation");
  }

  /** Tells of a change: at once where nothing was told just now, else with what comes meanwhile. */
  #changed(change: Change): void {
    this.#change = this.#change === "conversation" ? this.#change : change;
    const inMs = this.#toldAtMs + TELL_EVERY_MS - performance.now();
    this.#timer ??= setTimeout(() => this.#flush(), Math.max(inMs, 0));
  }

  #flush(): void {
    this.#timer = undefined;
    this.#toldAtMs = performance.now();
    const { id, conversation } = this.view;
    const { picture } = conversation;
    const isPictureOnly = this.#change === "picture" && picture !== null;
    this.#change = undefined;
    this.#tell(
      isPictureOnly
        ? { kind: "picture", pair: this.#pair, work: id, picture }
        : { kind: "work", pair: this.#pair, work: this.view },
    );
  }
}
