/** Lending the arms to another program, as it asks on the control socket: its connection is the loan. */
import { ROLES } from "../arm/joints.ts";
import { programOf } from "../linux/owners/owner.ts";
import { sayBorrower } from "../messages/lending.ts";
import type { Borrower, GivenBack, Problem } from "../teleop/reporting/problem.ts";
import type { MainMemory } from "../teleop/shared/control-memory.ts";
import { refusal, success } from "./api/lines.ts";
import type { Held, Reader } from "./requests/client.ts";
import type { Sender } from "./requests/request-server.ts";

/** A release takes a second, and three where no servo answers, after whatever the control thread does just then. */
const LENT_WITHIN_MS = 8_000;
/** So long a borrower has to close the ports and its connection. */
const BACK_WITHIN_MS = 1_000;

/** After so many beginnings and ends what they left in the heap is given back: the engine itself lets it lie until it is much. */
const CLEAN_EVERY = 4;

/** Why the arms are wanted back: somebody asks for a pause or a release, or the program ends. */
export type Recall = "pause" | "release" | "end";

/** Who asks for the arms: its process, and whether its connection is still there. */
export type Asking = Pick<Sender, "peer" | "isThere">;

/** What a status says of a loan. */
export interface LoanStatus {
  readonly pid: number | null;
  readonly name: string | null;
  readonly for: string;
  readonly since: string;
}

/** The arms of a pair, and who has borrowed them. */
export class Lending {
  readonly #memory: Pick<MainMemory, "mailbox" | "claims">;
  readonly #tell: (problem: Problem) => void;
  #loan: OpenLoan | undefined;
  #count = 0;

  /** `tell` is told of the beginning and the end of each loan. */
  constructor(memory: Pick<MainMemory, "mailbox" | "claims">, tell: (problem: Problem) => void) {
    this.#memory = memory;
    this.#tell = tell;
  }

  /** Lends the arms; why not, where they cannot be lent. */
  lend(purpose: string, { peer, isThere }: Asking): Held | string {
    // Who has closed its connection a moment ago has given them back, though the server has not looked since.
    if (this.#loan?.isThere() === false) this.#loan.ended();
    if (this.#loan !== undefined) return `the arms are lent already — ${sayBorrower(this.#loan.borrower)}`;
    const borrower = { program: programOf(peer?.pid), purpose };
    const { mailbox, claims } = this.#memory;
    this.#count++;
    this.#tell({ code: "pair.lent", stage: "asked", borrower });
    const loan = new OpenLoan(borrower, isThere, mailbox, (how) => {
      // Whom the borrower has had the ports with is not known any more, and is looked for anew.
      if (how !== "not lent") for (const role of ROLES) claims.giveBack(role);
      this.#loan = undefined;
      this.#count++;
      mailbox.endLend();
      if (this.#count % CLEAN_EVERY === 0) {
        Bun.gc(true);
        Bun.shrink();
      }
      this.#tell({ code: "pair.taken-back", borrower, how });
    });
    this.#loan = loan;
    mailbox.requestLend();
    return loan;
  }

  /** Who has the arms, or is about to; undefined when nobody is. */
  get borrower(): Borrower | undefined {
    return this.#loan?.borrower;
  }

  /** What a status says of it. */
  get status(): LoanStatus | undefined {
    if (this.#loan === undefined) return undefined;
    const { borrower, since } = this.#loan;
    const { program, purpose } = borrower;
    return {
      pid: program?.pid ?? null,
      name: program?.name ?? null,
      for: purpose,
      since: since.toISOString(),
    };
  }

  /** Another number from each beginning and each end on. */
  get count(): number {
    return this.#count;
  }

  /** Asks for the arms, where they are lent; they are taken back within a second, if they can be. */
  recall(why: Recall): void {
    this.#loan?.recall(why);
  }
}

class OpenLoan implements Held {
  readonly borrower: Borrower;
  readonly isThere: () => boolean;
  readonly since = new Date();
  readonly #mailbox: MainMemory["mailbox"];
  readonly #over: (how: GivenBack) => void;
  readonly #lentByMs = performance.now() + LENT_WITHIN_MS;
  #isLent = false;
  #recalled: Recall | undefined;
  /** From when on the borrower is not waited for. */
  #backByMs = Number.POSITIVE_INFINITY;
  #mustTell = false;
  #isOver = false;

  constructor(
    borrower: Borrower,
    isThere: () => boolean,
    mailbox: MainMemory["mailbox"],
    over: (how: GivenBack) => void,
  ) {
    this.borrower = borrower;
    this.isThere = isThere;
    this.#mailbox = mailbox;
    this.#over = over;
  }

  recall(why: Recall): void {
    if (this.#recalled !== undefined) return;
    this.#recalled = why;
    this.#mustTell = true;
    this.#backByMs = performance.now() + BACK_WITHIN_MS;
  }

  look(reader: Reader, nowMs: number): boolean {
    if (!this.#isLent) return this.#lookForLoan(reader, nowMs);
    if (this.#mustTell && reader.say(success({ recalled: this.#recalled }))) this.#mustTell = false;
    return nowMs < this.#backByMs;
  }

  #lookForLoan(reader: Reader, nowMs: number): boolean {
    const why = this.#whyNot(nowMs);
    if (why !== undefined) {
      reader.say(refusal(why));
      return false;
    }
    const torque = this.#mailbox.lentWithTorque;
    if (torque !== undefined) this.#isLent = reader.say(success({ lent: { torque } }));
    return true;
  }

  #whyNot(nowMs: number): string | undefined {
    if (this.#recalled === "end") return "the program is ending: the arms cannot be borrowed any more";
    if (this.#recalled !== undefined)
      return `somebody has asked for a ${this.#recalled} meanwhile: the arms are not lent`;
    if (nowMs < this.#lentByMs) return undefined;
    return "the arms could not be released, and are not lent — the status says more";
  }

  ended(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const isDemanded = this.#recalled !== undefined && performance.now() >= this.#backByMs;
    this.#over(this.#isLent ? (isDemanded ? "demanded" : "given back") : "not lent");
  }
}
