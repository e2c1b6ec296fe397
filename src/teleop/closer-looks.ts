/** Looks closer at arms of which servos do not answer: once for each trouble, and only when it has lasted. */
import type { ArmConnection } from "../arm/connection.ts";
import { ROLES, type Role } from "../arm/joints.ts";
import type { Clock } from "../linux/clock.ts";
import type { Conditions } from "./state/conditions.ts";

/** A lead that is pushed in, or power that is switched on, ends most troubles sooner. */
const LASTS_US = 5_000_000;
/** The other arm, and who asks for a release, wait for so long at most, and for the step that is under way. */
const SLICE_US = 50_000;

/** What lasts of one arm, and how far the look at it has come; no steps are left when it is done. */
interface Trouble {
  readonly answers: object | undefined;
  readonly sinceUs: number;
  steps: Generator<void, void> | undefined;
}

/** The closer looks at both arms of a pair. */
export class CloserLooks {
  readonly #connections: Readonly<Record<Role, ArmConnection>>;
  readonly #clock: Clock;
  readonly #troubles: Partial<Record<Role, Trouble>> = {};

  constructor(connections: Readonly<Record<Role, ArmConnection>>, clock: Clock) {
    this.#connections = connections;
    this.#clock = clock;
  }

  /**
   * Goes on looking for a moment, where there is something to look for, at arms that were seen just now. Never while a
   * servo of the arm holds, or the follower `mayHold`: it would be in somebody's way. Throws {@link PortError}.
   */
  goOn(seen: Conditions, mayHold: boolean): void {
    for (const role of ROLES) {
      const trouble = this.#troubleOf(role);
      const holds = seen[role].torque === "on" || (role === "follower" && mayHold);
      if (!holds && this.#clock.nowUs() - trouble.sinceUs >= LASTS_US) this.#look(trouble);
    }
  }

  #look(trouble: Trouble): void {
    const startUs = this.#clock.nowUs();
    while (trouble.steps !== undefined && this.#clock.nowUs() - startUs < SLICE_US) {
      if (trouble.steps.next().done) trouble.steps = undefined;
    }
  }

  #troubleOf(role: Role): Trouble {
    const { answers } = this.#connections[role];
    const before = this.#troubles[role];
    if (before !== undefined && before.answers === answers) return before;
    const steps = answers && this.#connections[role].closerLook();
    const trouble = { answers, sinceUs: this.#clock.nowUs(), steps };
    this.#troubles[role] = trouble;
    return trouble;
  }
}
