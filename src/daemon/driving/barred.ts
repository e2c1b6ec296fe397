/** Who was made to leave the follower, and goes on asking for it: it does not get it back while it does. */
import type { DriveOver, DrivingClient } from "../../teleop/reporting/problem.ts";

/** Who has asked for nothing for so long may ask again. */
const QUIET_FOR_MS = 10_000;
/** So many are kept; beyond that the one that was heard of least lately is forgotten. */
const MOST_KEPT = 64;

/** By which somebody beside the arms has shown what is to move them. */
const BY_A_PERSON: ReadonlySet<DriveOver> = new Set([
  "paused",
  "released",
  "parked",
  "lent",
  "asked",
  "leader took over",
  "leader in hand",
  "other leader",
]);

/** Those clients. A replay is begun anew by a person each time. */
export class Barred {
  /** When each has asked last, ms. */
  readonly #clients = new Map<string, number>();

  /** A client drives no more. */
  over({ as, who }: DrivingClient, why: DriveOver, nowMs: number): void {
    if (as !== "client" || !BY_A_PERSON.has(why)) return;
    this.#note(who, nowMs);
  }

  /** Why a client that asks may not drive; undefined where it may. */
  whyNot({ as, who }: DrivingClient, nowMs: number): string | undefined {
    const lastMs = as === "client" ? this.#clients.get(who) : undefined;
    if (lastMs === undefined) return undefined;
    if (nowMs - lastMs >= QUIET_FOR_MS) {
      this.#clients.delete(who);
      return undefined;
    }
    this.#note(who, nowMs);
    return `somebody beside the arms has taken them from ${who}: it may ask again once it has asked for nothing for 10 s`;
  }

  #note(who: string, nowMs: number): void {
    this.#clients.delete(who);
    this.#clients.set(who, nowMs);
    const [oldest] = this.#clients.keys();
    if (this.#clients.size > MOST_KEPT) this.#clients.delete(oldest!);
  }
}
