/** Tells a service what is known of the network: one thing after the other, the newest of each kind. */
import { askService } from "../../api/client.ts";
import type { HeardOfLeader, UnsentTrouble } from "../../api/protocol.ts";

/** Something to tell. */
type Told =
  | ({ readonly do: "heard"; readonly leader: string } & HeardOfLeader)
  | { readonly do: "unsent"; readonly trouble?: UnsentTrouble };

/** More than this waits only where the service does not answer: then all is told anew when it does. */
const MOST_WAITING = 16;

/** Tells one service. */
export class Teller {
  readonly #path: string;
  readonly #refused: (error: unknown) => void;
  #waiting: Told[] = [];
  #isTelling = false;
  #isEnded = false;

  /** `refused` gets what the service did not want to hear, or why it could not be told. */
  constructor(path: string, refused: (error: unknown) => void) {
    this.#path = path;
    this.#refused = refused;
  }

  /** Tells this, after what waits. */
  tell(told: Told): void {
    if (this.#isEnded || this.#waiting.length >= MOST_WAITING) return;
    this.#waiting.push(told);
    if (!this.#isTelling) void this.#tellAll();
  }

  /** Tells nothing more. */
  end(): void {
    this.#isEnded = true;
    this.#waiting = [];
  }

  async #tellAll(): Promise<void> {
    this.#isTelling = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      try {
        await askService([this.#path], next);
      } catch (error) {
        if (!this.#isEnded) this.#refused(error);
      }
    }
    this.#isTelling = false;
  }
}
