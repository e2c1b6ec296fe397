/**
 * What the control thread has the main thread look up, because it opens no file itself: a disk may take its time, and an
 * arm that is held does not wait for it. A question is asked again and again with a new number; the answer to the last
 * one counts.
 */
import type { Calibration } from "../../arm/calibration/calibration.ts";
import { CalibrationError } from "../../arm/calibration/error.ts";
import type { ArmFiles } from "../../arm/checks/state.ts";
import type { Role } from "../../arm/joints.ts";
import type { CalibrationProblem } from "../../arm/problem.ts";
import type { PortLook } from "../../arm/tty-ports.ts";
import type { Clock } from "../../linux/clock.ts";
import type { LatencyTimer } from "../../serial/latency-timer.ts";
import { LETTER_WORDS, Letter, type LetterMemory, LetterSender } from "./letter.ts";

/** What is to be known of an arm before it is used. */
export interface Files extends ArmFiles {
  /** What holds its replies back, if anything does that could do without. */
  readonly latencyTimer?: LatencyTimer | undefined;
}

/** The same of both arms. */
export type PairFiles = Readonly<Record<Role, Files>>;

/** For each question what its answer is, as data. */
interface Answers extends Record<Role, PortLook> {
  readonly files: Readonly<Record<Role, WrittenFiles>>;
}

/** What there is to ask: what the files say, and of each arm who has its port. */
type Question = keyof Answers;
const QUESTIONS: readonly Question[] = ["files", "leader", "follower"];

/** {@link Files} with an error's problem in its place. */
interface WrittenFiles extends Omit<Files, "calibration"> {
  readonly calibration?: Calibration;
  readonly problem?: CalibrationProblem;
}

/** The number of the question that was asked last stands before the answer's own words. */
const ASKED = 0;
const WORDS_EACH = 1 + LETTER_WORDS;
/** Words of the questions' state. */
export const QUESTION_WORDS = WORDS_EACH * QUESTIONS.length;

/** An answer is so long at most; each text in it is cut to fit. */
const LONGEST_ANSWER_BYTES = 262_144;
export const ANSWERS_BYTES = LONGEST_ANSWER_BYTES * QUESTIONS.length;

/** A path has at most so many bytes (linux/limits.h); what is longer still is cut to {@link SHORT_TEXT}. */
const LONGEST_TEXT = 4096;
const SHORT_TEXT = 200;

/** The memory of questions and answers. */
export interface QuestionsMemory {
  readonly questions: Int32Array;
  readonly answers: Uint8Array;
}

interface Answered<Asked extends Question> {
  readonly to: number;
  readonly answer: Answers[Asked];
}

/** The control thread's side. */
export class Questions {
  readonly #words: Int32Array;
  readonly #letters: Readonly<Record<Question, Letter>>;
  readonly #wake: () => void;
  /** Those that were asked, and whose answer was not taken or forgotten since. */
  readonly #open = new Set<Question>();

  /** `wake` has the main thread look at what is asked. */
  constructor(memory: QuestionsMemory, wake: () => void) {
    this.#words = memory.questions;
    this.#letters = eachQuestion((question) => new Letter(letterOf(question, memory)));
    this.#wake = wake;
  }

  /** Asks what the files of both arms say now; nothing while that is asked already. */
  askForFiles(): void {
    this.#ask("files");
  }

  /** What they said at some moment since they were asked for, once; undefined when it is not known within so long. */
  takeFiles(clock: Clock, patienceMs: number): PairFiles | undefined {
    const written = this.#take("files", clock, patienceMs);
    return written && { leader: read(written.leader), follower: read(written.follower) };
  }

  /** Who has an arm's port, asked now unless it was before; undefined when it is not known within so long. */
  lookAtPort(role: Role, clock: Clock, patienceMs: number): PortLook | undefined {
    this.#ask(role);
    return this.#take(role, clock, patienceMs);
  }

  /** What was asked need not be so any more when it is wanted next: it is asked anew then. */
  forget(question: Question): void {
    this.#open.delete(question);
  }

  #ask(question: Question): void {
    if (this.#open.has(question)) return;
    this.#open.add(question);
    Atomics.add(this.#words, askedAt(question), 1);
    this.#wake();
  }

  #take<Asked extends Question>(
    question: Asked,
    clock: Clock,
    patienceMs: number,
  ): Answers[Asked] | undefined {
    const asked = Atomics.load(this.#words, askedAt(question));
    const untilUs = clock.nowUs() + patienceMs * 1e3;
    for (;;) {
      const leftMs = Math.max(0, untilUs - clock.nowUs()) / 1e3;
      const taken = this.#letters[question].takeWithin(clock, leftMs) as Answered<Asked> | undefined;
      if (taken === undefined) return undefined;
      // Of an answer to an earlier one nobody knows any more when it was so.
      if (taken.to !== asked) continue;
      this.#open.delete(question);
      return taken.answer;
    }
  }
}

/** The main thread's side. */
export class Answering {
  readonly #words: Int32Array;
  readonly #letters: Readonly<Record<Question, LetterSender>>;
  readonly #answered = new Map<Question, number>();

  constructor(memory: QuestionsMemory) {
    this.#words = memory.questions;
    this.#letters = eachQuestion((question) => new LetterSender(letterOf(question, memory)));
  }

  /** Answers what the files of both arms say by `look`, if that is asked; it reads them now. */
  answerFiles(look: () => PairFiles): void {
    const to = this.#numberOf("files");
    if (to === undefined) return;
    const { leader, follower } = look();
    this.#answer("files", { to, answer: { leader: write(leader), follower: write(follower) } });
  }

  /** Answers who has an arm's port by `look`, if that is asked; it looks now. Rejects as that does. */
  async answerPort(role: Role, look: () => Promise<PortLook>): Promise<void> {
    const to = this.#numberOf(role);
    if (to !== undefined) this.#answer(role, { to, answer: await look() });
  }

  /** The number of a question that is asked and not looked up yet. */
  #numberOf(question: Question): number | undefined {
    const asked = Atomics.load(this.#words, askedAt(question));
    if (asked === (this.#answered.get(question) ?? 0)) return undefined;
    this.#answered.set(question, asked);
    return asked;
  }

  #answer<Asked extends Question>(question: Asked, answered: Answered<Asked>): void {
    // One that is asked anew meanwhile is looked up by itself, and may be answered by now.
    if (Atomics.load(this.#words, askedAt(question)) !== answered.to) return;
    this.#letters[question].send(bounded(answered));
  }
}

function letterOf(question: Question, { questions, answers }: QuestionsMemory): LetterMemory {
  const index = QUESTIONS.indexOf(question);
  return {
    words: questions.subarray(askedAt(question) + 1, (index + 1) * WORDS_EACH),
    bytes: answers.subarray(index * LONGEST_ANSWER_BYTES, (index + 1) * LONGEST_ANSWER_BYTES),
  };
}

function askedAt(question: Question): number {
  return QUESTIONS.indexOf(question) * WORDS_EACH + ASKED;
}

function eachQuestion<Each>(make: (question: Question) => Each): Record<Question, Each> {
  return Object.fromEntries(QUESTIONS.map((question) => [question, make(question)])) as Record<
    Question,
    Each
  >;
}

/** JSON that fits, whatever a file or its name says: an answer has a few dozen texts at most. */
function bounded(value: object): string {
  const cutTo = (longest: number) =>
    JSON.stringify(value, (_, each) =>
      typeof each === "string" && each.length > longest ? `${each.slice(0, longest - 1)}…` : each,
    );
  const json = cutTo(LONGEST_TEXT);
  return Buffer.byteLength(json) <= LONGEST_ANSWER_BYTES ? json : cutTo(SHORT_TEXT);
}

function write({ calibration, ...rest }: ArmFiles): WrittenFiles {
  return calibration instanceof CalibrationError
    ? { ...rest, problem: calibration.problem }
    : { ...rest, calibration };
}

function read({ calibration, problem, ...rest }: WrittenFiles): ArmFiles {
  return { ...rest, calibration: calibration ?? new CalibrationError(problem!) };
}
