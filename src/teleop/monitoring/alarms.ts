/** What lasts for a while: told when it begins and when it ends, and no more often than a person wants to read. */
import { nowUs } from "../../linux/clock.ts";
import type { Note, Severity, Tell } from "../events.ts";

/** What comes and goes is told at most this often. */
const TELL_EVERY_US = 10_000_000;

interface Episode {
  readonly note: Note;
  /** Whether its beginning was told aloud, so that its end is worth telling too. */
  readonly loud: boolean;
}

/** The episodes of one pair, by name. */
export class Episodes {
  readonly #tell: Tell;
  readonly #lasting = new Map<string, Episode>();
  /** When the beginning of an episode was told last, and how often it has begun unheard since. */
  readonly #told = new Map<string, { atUs: number; unheard: number }>();

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  /** Whether it lasts. */
  lasts(episode: string): boolean {
    return this.#lasting.has(episode);
  }

  /** Something begins that has been told already, in other words. */
  note(episode: string, severity: Severity, note: Note): void {
    if (!this.#lasting.has(episode)) this.#told.set(episode, { atUs: nowUs(), unheard: -1 });
    this.begin(episode, severity, note);
  }

  /** Something begins; if it has begun already, nothing happens. */
  begin(episode: string, severity: Severity, note: Note): void {
    if (this.#lasting.has(episode)) return;
    const told = this.#told.get(episode);
    const loud = told === undefined || nowUs() - told.atUs >= TELL_EVERY_US;
    this.#lasting.set(episode, { note, loud });
    if (loud) {
      const again =
        told !== undefined && told.unheard > 0 ? ` (${told.unheard} more times since it was told last)` : "";
      this.#told.set(episode, { atUs: nowUs(), unheard: 0 });
      this.#tell({ kind: "notice", severity, ...note, message: note.message + again, episode });
    } else {
      told.unheard++;
      this.#tell({ kind: "notice", severity, ...note, episode, quiet: true });
    }
  }

  /** Something ends, if it lasted; `message` is told when its beginning was. */
  end(episode: string, message?: string): void {
    const lasting = this.#lasting.get(episode);
    if (!this.#lasting.delete(episode)) return;
    const { note, loud } = lasting!;
    const quiet = loud && message !== undefined ? {} : ({ quiet: true } as const);
    this.#tell({
      ...{ kind: "notice", severity: "info", episode, over: true, ...note },
      ...{ message: message ?? note.message, ...quiet },
    });
  }

  /** Everything whose name begins so ends, unheard: what it was about is gone. */
  endAll(beginning: string): void {
    for (const episode of [...this.#lasting.keys()]) if (episode.startsWith(beginning)) this.end(episode);
  }
}
