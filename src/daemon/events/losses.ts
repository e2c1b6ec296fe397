/** Tells of what goes wrong too often to be chance: replies that are lost, ticks that came too late. On the main thread. */
import type { ArmIdentity } from "../../arm/identity.ts";
import { JOINT_COUNT, JOINTS, ROLES, type Role } from "../../arm/joints.ts";
import { systemClock } from "../../linux/clock.ts";
import { Alarms } from "../../teleop/monitoring/alarms.ts";
import type { EventSink } from "../../teleop/reporting/events.ts";
import type { Problem } from "../../teleop/reporting/problem.ts";
import type { Telemetry } from "../../teleop/shared/telemetry.ts";

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
  readonly overruns: number;
  /** Replies that each joint of each arm owes. */
  readonly misses: Readonly<Record<Role, readonly number[]>>;
}

/** Compares what is counted from look to look. */
export class LossWatch {
  readonly #telemetry: Telemetry;
  readonly #arms: Readonly<Record<Role, ArmIdentity>>;
  readonly #alarms: Alarms;
  #last: Counted;

  constructor(telemetry: Telemetry, arms: Readonly<Record<Role, ArmIdentity>>, sink: EventSink) {
    this.#telemetry = telemetry;
    this.#arms = arms;
    this.#alarms = new Alarms(sink, systemClock);
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
    const overruns = now.overruns - before.overruns;
    const slots = ticks + overruns;
    this.#judge("program.late", overruns, slots, { code: "program.late", overruns, ticks: slots });
    for (const role of ROLES) {
      const lostBy = now.misses[role].map((count, joint) => count - before.misses[role][joint]!);
      const lost = Math.max(...lostBy);
      // Of a chain that is interrupted the first joint is the one to look at.
      const joint = JOINTS[lostBy.indexOf(lost)]!;
      const problem = { code: "bus.lossy", arm: this.#arms[role], joint, lost, ticks } as const;
      this.#judge(`${role}.lossy`, lost, ticks, problem);
    }
  }

  #judge(alarm: string, count: number, of: number, problem: Problem): void {
    if (count >= TOLD_FROM_COUNT && count / of >= TOLD_FROM) this.#alarms.raise(alarm, "warning", problem);
    else if (count / of < OVER_BELOW) this.#alarms.clear(alarm);
  }

  #count(): Counted {
    const telemetry = this.#telemetry;
    const misses = (role: Role) =>
      Array.from({ length: JOINT_COUNT }, (_, joint) => telemetry.joint(role, joint, "misses") || 0);
    return {
      ticks: telemetry.counter("ticks"),
      overruns: telemetry.counter("overruns"),
      misses: { leader: misses("leader"), follower: misses("follower") },
    };
  }
}
