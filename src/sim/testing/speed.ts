/** Whether one joint's goals, one after the other, keep to the speed limits. */
import { degrees, degreesToSteps } from "../../feetech/units.ts";

/** How fast goals may move. */
export interface GoalLimits {
  /** The nominal rate: what a goal may differ from the one before is the speed × one tick, + 1 step of rounding. */
  rateHz: number;
  followSpeedDegPerS: number;
  /**
   * The limit from when a joint is energised until its goal has met its target. Where nobody tells the target, it has
   * been met when the goal turns back, or slows down, or has not moved at all for 100 ms from the start.
   */
  alignSpeedDegPerS?: number;
}

const STEPS_PER_DEG = degreesToSteps(degrees(1));
/** A joint that does not move for so long after it was energised stood at its target. */
const MET_AT_ONCE_US = 100_000;
/** Late and early ticks may pile up to so much movement at the limit before goals are too fast. */
const PILE_UP_S = 0.025;
const PILE_UP_TICKS = 3;

/** Follows the goals of one joint. */
export class GoalWatch {
  readonly #limits: GoalLimits;
  #energised = false;
  #last: number | undefined;
  #lastAtUs = 0;
  #aligning = false;
  #energisedAtUs = 0;
  #deafUntilUs = 0;
  /** Movement that the speed limit has not used up yet, steps. */
  #pile = 0;
  /** The latest steps of an alignment that has begun to move. */
  #steps: number[] = [];
  /** Where the goal belongs, if anybody has told. */
  #target: number | undefined;
  /** From the goal before to the target that it had. */
  #distance = 0;

  constructor(limits: GoalLimits) {
    this.#limits = limits;
  }

  /** The leader was read: this is where the next goal belongs, as far as it may go. */
  target(steps: number): void {
    this.#target = steps;
  }

  /**
   * The joint became energised with this goal; undefined when the goal was none of the program's. For `deafMs` it hears
   * no goal.
   */
  energised(atUs: number, goal: number | undefined, deafMs = 0): void {
    this.#energised = true;
    this.#deafUntilUs = atUs + deafMs * 1e3;
    this.#last = goal;
    this.#lastAtUs = atUs;
    this.#energisedAtUs = atUs;
    this.#aligning = this.#limits.alignSpeedDegPerS !== undefined;
    this.#pile = 0;
    this.#steps = [];
    this.#distance = 0;
  }

  /** The joint is limp: its next goal is judged by what it is energised with. */
  limp(): void {
    this.#energised = false;
  }

  /** A goal was sent; returns which rule it broke, if any. */
  goal(atUs: number, goal: number): { rule: "goal jumped" | "goals too fast"; message: string } | undefined {
    if (!this.#energised) return undefined;
    const last = this.#last;
    const passedS = (atUs - this.#lastAtUs) / 1e6;
    this.#last = atUs < this.#deafUntilUs ? undefined : goal;
    this.#lastAtUs = atUs;
    if (last === undefined) return undefined;
    const step = goal - last;
    const target = this.#target;
    if (this.#aligning) {
      const met = target === undefined ? this.#seemsMet(step, atUs) : this.#hasMet(target - last);
      if (met) this.#aligning = false;
    }

    const { rateHz, followSpeedDegPerS, alignSpeedDegPerS } = this.#limits;
    const degPerS = this.#aligning ? alignSpeedDegPerS! : followSpeedDegPerS;
    const speed = degPerS * STEPS_PER_DEG;
    this.#pile = Math.max(this.#pile - speed * passedS, 0) + Math.abs(step);
    const during = this.#aligning ? "aligning" : "following";
    if (Math.abs(step) > speed / rateHz + 1) {
      const message = `from ${last} to ${goal} while ${during}: ${degPerS} °/s allows ${(speed / rateHz).toFixed(1)} steps`;
      return { rule: "goal jumped", message };
    }
    const slack = speed * Math.max(PILE_UP_S, PILE_UP_TICKS / rateHz) + 2;
    if (this.#pile > slack) {
      const message = `${this.#pile.toFixed(0)} steps more than ${degPerS} °/s allows while ${during}`;
      this.#pile = 0;
      return { rule: "goals too fast", message };
    }
    return undefined;
  }

  /** Whether the target is within a tick of the goal, or has just passed it. */
  #hasMet(distance: number): boolean {
    const { rateHz, followSpeedDegPerS, alignSpeedDegPerS } = this.#limits;
    const perTick = (degPerS: number) => (degPerS * STEPS_PER_DEG) / rateHz + 1;
    const passed = distance * this.#distance < 0 && Math.abs(distance) <= perTick(followSpeedDegPerS);
    this.#distance = distance;
    return passed || Math.abs(distance) <= perTick(alignSpeedDegPerS!);
  }

  #seemsMet(step: number, atUs: number): boolean {
    const steps = this.#steps;
    if (steps.length === 0 && step === 0) return atUs - this.#energisedAtUs > MET_AT_ONCE_US;
    const turnedBack = steps.some((earlier) => earlier * step < 0);
    steps.push(step);
    const perTick = (this.#limits.alignSpeedDegPerS! * STEPS_PER_DEG) / this.#limits.rateHz;
    const enough = Math.ceil(3 / perTick); // ticks of a ramp in which rounding to whole steps does not matter
    if (steps.length > enough) steps.shift();
    const moved = Math.abs(steps.reduce((sum, each) => sum + each, 0));
    return turnedBack || (steps.length === enough && moved < Math.floor(enough * perTick) - 1);
  }
}
