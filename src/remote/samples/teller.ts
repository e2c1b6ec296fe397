/** Tells a service what is known of the network: one thing after the other, the newest of each kind. */
import { setTimeout as passed } from "node:timers/promises";
import { ApiError, askService } from "../../api/client.ts";
import type { HeardOfLeader, UnsentTrouble } from "../../api/protocol.ts";

/** Something to tell. */
type Told =
  | ({ readonly do: "heard"; readonly leader: string } & HeardOfLeader)
  | { readonly do: "unsent"; readonly trouble?: UnsentTrouble };

/** What a service could not be told for now is told again after so long. */
const AGAIN_MS = 500;

/** Tells one service. */
export class Teller {
  readonly #path: string;
  readonly #refused: (error: unknown) => void;
  /** By their kinds. */
  readonly #waiting = new Map<string, Told>();
  #isTelling = false;
  #isEnded = false;

  /** `refused` gets what the service did not want to hear, or once why it could not be told. */
  constructor(path: string, refused: (error: unknown) => void) {
    this.#path = path;
    this.#refused = refused;
  }

  /** Tells this, after what waits; what waits of the same kind is not so any more. */
  tell(told: Told): void {
    if (this.#isEnded) return;
    const kind = kindOf(told);
    this.#waiting.delete(kind);
    this.#waiting.set(kind, told);
    if (!this.#isTelling) void this.#tellAll();
  }

  /** Tells nothing more. */
  end(): void {
    this.#isEnded = true;
    this.#waiting.clear();
  }

  async #tellAll(): Promise<void> {
    this.#isTelling = true;
    let isSaid = false;
    for (const [kind, told] of this.#waiting) {
      this.#waiting.delete(kind);
      try {
        await askService([this.#path], told);
        isSaid = false;
      } catch (error) {
        if (this.#isEnded) break;
        const isForGood = error instanceof ApiError && FOR_GOOD.has(error.problem.kind);
        if (isForGood || !isSaid) this.#refused(error);
        if (isForGood) continue;
        isSaid = true;
        await passed(AGAIN_MS);
        if (!this.#isEnded && !this.#waiting.has(kind)) this.#waiting.set(kind, told);
      }
    }
    this.#isTelling = false;
  }
}

/** What is not told again: the service has heard it, and of what it does not do it says so again. */
const FOR_GOOD: ReadonlySet<string> = new Set(["refused", "unknown", "denied"]);

function kindOf(told: Told): string {
  return told.do === "heard" && told.others !== undefined ? "others" : told.do;
}
