/** Whether one joint's goals, one after the other, keep to the speed limits. */
import { degrees, degreesToSteps } from "../../feetech/units.ts";

/** How fast goals may move. */
export interface GoalLimits {
  /** What a goal may differ from the one before is this × the time since then, + 1 step of rounding. */
  followSpeedDegPerS: number;
  /**
   * The limit from when a joint is energised until its goal has met its target. Where nobody tells the target, it has
   * been met when the goal turns back, or slows down, or has not moved at all for 100 ms from the start.
   */
  alignSpeedDegPerS?: number;
  /**
   * What the record's times of goals are: when they were written, or, if left out, when they arrived. What arrives
   * may have been written any time before, but not before the leader was read.
   */
  times?: "of writing" | "of arrival";
  /**
   * The leader is one of another machine: a goal may belong where the leader was so long ago, or at any time since then,
   * ms. Now alone if left out.
   */
  targetsOfMs?: number;
}

const STEPS_PER_DEG = degreesToSteps(degrees(1));
/** However long ago the goal before was, the next may differ from it by no more than so much of it allows. */
const LONGEST_S = 0.05;
/** That the record was kept waiting counts for so long. */
const STARVED_FOR_US = 1e6;
/** A joint that does not move for so long after it was energised stood at its target. */
const MET_AT_ONCE_US = 100_000;
/** A ramp of so many steps, and so long, is not much changed by rounding, or by arriving late. */
const RAMP_STEPS = 3;
const RAMP_S = 0.01;

/** A goal of an alignment, from the one before. */
interface Stride {
  readonly steps: number;
  readonly seconds: number;
}

/** Follows the goals of one joint. */
export class GoalWatch {
  readonly #limits: GoalLimits;
  #energised = false;
  #last: number | undefined;
  #lastAtUs: number | undefined;
  #aligning = false;
  #energisedAtUs = 0;
  #deafUntilUs = 0;
  /** When the leader was read last, and the time before. */
  #readUs = Number.NEGATIVE_INFINITY;
  #readBeforeUs = Number.NEGATIVE_INFINITY;
  /** The earliest that the goal before can have been written. */
  #writtenUs = Number.NEGATIVE_INFINITY;
  /** For how long the record was kept waiting of late, and when it ended. */
  #starvedUs = 0;
  #starvedAtUs = Number.NEGATIVE_INFINITY;
  /** By how much the goals have moved more than the speed limit allows in the time, steps. */
  #excess = 0;
  /** The latest strides of an alignment that has begun to move. */
  #strides: Stride[] = [];
  /** Where the goal may belong, if anybody has told: the last is where the leader is. */
  #targets: { readonly steps: number; readonly atUs: number }[] = [];
  /** From the goal before to the targets that it had: to the lowest and to the highest. */
  #below = 0;
  #above = 0;

  constructor(limits: GoalLimits) {
    this.#limits = limits;
  }

  /** The leader was read at a time. */
  read(atUs: number): void {
    this.#readBeforeUs = this.#readUs;
    this.#readUs = atUs;
  }

  /**
   * Who keeps the record got no processor for so long: goals that came meanwhile are noted at once now. A program that
   * reads the leader on the same line waits as well, and is not behind; one whose leader is on another machine goes on.
   */
  starved(atUs: number, forUs: number): void {
    const isOld = atUs - this.#starvedAtUs > STARVED_FOR_US;
    this.#starvedUs = isOld ? forUs : Math.max(this.#starvedUs, forUs);
    this.#starvedAtUs = atUs;
  }

  /** This is where the next goal belongs, as far as it may go, by what was read of the leader at a time. */
  target(atUs: number, steps: number): void {
    const fromUs = atUs - (this.#limits.targetsOfMs ?? 0) * 1e3;
    const old = this.#targets.findIndex((target) => target.atUs > fromUs);
    this.#targets.splice(0, old === -1 ? this.#targets.length : old);
    this.#targets.push({ steps, atUs });
  }

  /**
   * The joint became energised with this goal; undefined when the goal was none of the program's. For `deafMs` it hears
   * no goal.
   */
  energised(atUs: number, goal: number | undefined, deafMs = 0): void {
    this.#energised = true;
    this.#deafUntilUs = atUs + deafMs * 1e3;
    this.#last = goal;
    if (this.#lastAtUs === undefined) this.#lastAtUs = this.#writtenUs = atUs;
    this.#energisedAtUs = atUs;
    this.#aligning = this.#limits.alignSpeedDegPerS !== undefined;
    this.#excess = 0;
    this.#strides = [];
    this.#below = this.#above = 0;
  }

  /** A joint that has its torque is aligned again. */
  align(): void {
    if (!this.#energised || this.#targets.length === 0) return;
    this.#aligning = this.#limits.alignSpeedDegPerS !== undefined;
    this.#below = this.#above = 0;
  }

  /** The joint is limp: its next goal is judged by what it is energised with. */
  limp(): void {
    this.#energised = false;
  }

  /** A goal was sent; returns which rule it broke, if any. */
  goal(atUs: number, goal: number): { rule: "goal jumped" | "goals too fast"; message: string } | undefined {
    const passedS = this.#lastAtUs === undefined ? 0 : (atUs - this.#lastAtUs) / 1e6;
    const mayS = Math.min((atUs - this.#writtenUs) / 1e6, LONGEST_S);
    const isExact = this.#limits.times === "of writing";
    this.#lastAtUs = atUs;
    // What is read of the leader may overtake the goals before it.
    this.#writtenUs = isExact ? atUs : this.#readBeforeUs;
    if (!this.#energised) return undefined;
    const last = this.#last;
    this.#last = atUs < this.#deafUntilUs ? undefined : goal;
    if (last === undefined) return undefined;
    const step = goal - last;
    if (this.#aligning) {
      const met = this.#targets.length === 0 ? this.#seemsMet(step, passedS, atUs) : this.#hasMet(last, mayS);
      if (met) this.#aligning = false;
    }

    const { followSpeedDegPerS, alignSpeedDegPerS } = this.#limits;
    const degPerS = this.#aligning ? alignSpeedDegPerS! : followSpeedDegPerS;
    const speed = degPerS * STEPS_PER_DEG;
    this.#excess = Math.max(this.#excess + Math.abs(step) - speed * passedS, 0);
    const during = this.#aligning ? "aligning" : "following";
    if (Math.abs(step) > speed * mayS + 1) {
      const message = `from ${last} to ${goal} while ${during}: ${degPerS} °/s allows ${(speed * mayS).toFixed(1)} steps`;
      return { rule: "goal jumped", message };
    }
    const starvedS = atUs - this.#starvedAtUs > STARVED_FOR_US ? 0 : this.#starvedUs / 1e6;
    if (this.#excess > speed * (isExact ? 0 : LONGEST_S + starvedS) + 2) {
      const message = `${this.#excess.toFixed(0)} steps more than ${degPerS} °/s allows while ${during}`;
      this.#excess = 0;
      return { rule: "goals too fast", message };
    }
    return undefined;
  }

  /** Whether a target is as near to the goal as may be gone at once, or has just passed it. */
  #hasMet(goal: number, mayS: number): boolean {
    const { followSpeedDegPerS, alignSpeedDegPerS } = this.#limits;
    const reach = (degPerS: number) => degPerS * STEPS_PER_DEG * mayS + 1;
    const positions = this.#targets.map(({ steps }) => steps);
    const below = Math.min(...positions) - goal;
    const above = Math.max(...positions) - goal;
    const distance = Math.max(below, -above, 0);
    const changedSides = (this.#below < 0 && above > 0) || (this.#above > 0 && below < 0);
    this.#below = below;
    this.#above = above;
    return (changedSides && distance <= reach(followSpeedDegPerS)) || distance <= reach(alignSpeedDegPerS!);
  }

  #seemsMet(step: number, seconds: number, atUs: number): boolean {
    const strides = this.#strides;
    if (strides.length === 0 && step === 0) return atUs - this.#energisedAtUs > MET_AT_ONCE_US;
    const turnedBack = strides.some(({ steps }) => steps * step < 0);
    strides.push({ steps: step, seconds: Math.min(seconds, LONGEST_S) });
    const speed = this.#limits.alignSpeedDegPerS! * STEPS_PER_DEG;
    const lasted = () => strides.reduce((sum, each) => sum + each.seconds, 0);
    const isLong = (s: number) => s >= RAMP_S && s * speed >= RAMP_STEPS;
    while (strides.length > 1 && isLong(lasted() - strides[0]!.seconds)) strides.shift();
    const moved = Math.abs(strides.reduce((sum, { steps }) => sum + steps, 0));
    return turnedBack || (isLong(lasted()) && moved < Math.floor(lasted() * speed) - 1);
  }
}
