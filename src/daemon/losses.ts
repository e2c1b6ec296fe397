/** Tells of what goes wrong too often to be chance: replies that are lost, ticks that are missed. On the main thread. */
import { JOINT_COUNT, JOINTS, nameWithId, ROLES, type Role } from "../arm/joints.ts";
import type { Tell } from "../teleop/events.ts";
import { Episodes } from "../teleop/monitoring/alarms.ts";
import type { SharedState } from "../teleop/shared/state.ts";

const LOOK_EVERY_MS = 10_000;

/** It is told from this share of the ticks on, … */
const TOLD_FROM = 0.01;
/** … no less than so many, … */
const TOLD_FROM_COUNT = 10;
/** … and over below this share. */
const OVER_BELOW = 0.002;

/** What had been counted at one look. */
interface Counted {
  readonly ticks: number;
  readonly missedTicks: number;
  /** Replies that each joint of each arm owes. */
  readonly misses: Readonly<Record<Role, readonly number[]>>;
}

/** Compares what is counted from look to look. */
export class LossWatch {
  readonly #shared: SharedState;
  readonly #names: Readonly<Record<Role, string>>;
  readonly #episodes: Episodes;
  #last: Counted;

  /** `names` name the arms. */
  constructor(shared: SharedState, names: Readonly<Record<Role, string>>, tell: Tell) {
    this.#shared = shared;
    this.#names = names;
    this.#episodes = new Episodes(tell);
    this.#last = this.#count();
  }

  /** Looks again and again until `stop` is called. */
  start(): { stop(): void } {
    const timer = setInterval(() => this.look(), LOOK_EVERY_MS);
    return { stop: () => clearInterval(timer) };
  }

  /** Compares with the look before. */
  look(): void {
    const before = this.#last;
    const now = this.#count();
    this.#last = now;
    const ticks = now.ticks - before.ticks;
    if (ticks <= 0) return;
    const late = now.missedTicks - before.missedTicks;
    this.#judge("program.late", late, ticks + late, () => ({
      code: "program.late",
      message:
        `${late} of the last ${ticks + late} ticks were missed — something else keeps the processor busy, or its ` +
        'power is too low: look with "top"',
    }));
    for (const role of ROLES) {
      const lost = now.misses[role].map((count, joint) => count - before.misses[role][joint]!);
      const most = Math.max(...lost);
      // Of a chain that is interrupted the first joint is the one to look at.
      const first = nameWithId(JOINTS[lost.indexOf(most)]!);
      this.#judge(`${role}.lossy`, most, ticks, () => ({
        code: "bus.lossy",
        role,
        message:
          `${this.#names[role]}: ${most} replies of ${first} were lost or damaged in the last ${ticks} ticks — ` +
          "check its leads and plugs, and keep them away from motors and supplies",
      }));
    }
  }

  #judge(episode: string, count: number, of: number, note: () => Parameters<Episodes["begin"]>[2]): void {
    if (count >= TOLD_FROM_COUNT && count / of >= TOLD_FROM) this.#episodes.begin(episode, "warning", note());
    else if (count / of < OVER_BELOW) this.#episodes.end(episode);
  }

  #count(): Counted {
    const shared = this.#shared;
    const misses = (role: Role) =>
      Array.from({ length: JOINT_COUNT }, (_, joint) => shared.joint(role, joint, "misses") || 0);
    return {
      ticks: shared.counter("ticks"),
      missedTicks: shared.counter("missedTicks"),
      misses: { leader: misses("leader"), follower: misses("follower") },
    };
  }
}
