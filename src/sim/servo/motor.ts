/** The mechanics of one simulated servo: a shaft that is driven, held, moved by hand, or stopped by an obstacle. */

import { STEPS_PER_TURN } from "../../feetech/units.ts";

/** What the electronics ask of the motor at the moment. */
export interface Drive {
  /** Torque that may be used, ‰ of the full torque; 0 is none: a hand can move the joint. */
  torque: number;
  /** Torque that each step of distance from the target adds to what it presses with, ‰. */
  stiffness: number;
  /** Where the shaft should go, steps; in velocity mode not used. */
  target: number;
  /** The fastest that it may go there, steps/s; in velocity mode the signed speed. */
  speed: number;
  /** Steps/s²; 0: no limit. */
  acceleration: number;
  /** Turn at `speed` for ever instead of going to `target`. */
  endless: boolean;
}

/** The fastest an unloaded STS3215 turns, steps/s. */
export const FULL_SPEED = 3400;

/** Torque that it takes to move an arm's joint at all, ‰: below it a joint with its torque on stays where it is. */
const LOAD_OF_JOINT = 30;
/** Torque that full speed adds to that, ‰. */
const LOAD_OF_SPEED = 200;
const LONGEST_STEP_S = 0.002;

/** A shaft in a joint. Positions are encoder steps, unbounded: further turns count on. */
export class Motor {
  position: number;
  /** Steps/s. */
  velocity = 0;
  /** ‰ of the full torque, signed. */
  load = 0;
  /** How far the position loop runs behind its goal, s; of real arms 0.075 to 0.15 is told. */
  lagS = 0.03;

  #obstacle: { at: number; side: 1 | -1 } | undefined;
  #hand: { at: number; speed: number; force: boolean } | undefined;

  constructor(position: number) {
    this.position = position;
  }

  /** Puts something in the way that the shaft cannot pass, or, without a position, takes it away. */
  block(at: number | undefined): void {
    this.#obstacle = at === undefined ? undefined : { at, side: at >= this.position ? 1 : -1 };
  }

  /** A hand moves the shaft to `at`; one with its torque on only when forced. */
  push(at: number, speed: number, force = false): void {
    this.#hand = { at, speed, force };
  }

  /** The hand lets go. */
  letGo(): void {
    this.#hand = undefined;
  }

  /** An encoder that loses power does not know how many turns there were: the same place, within the first one. */
  forgetTurns(): void {
    const turns = this.position - withinTurn(this.position);
    this.position -= turns;
    if (this.#obstacle) this.#obstacle.at -= turns;
    if (this.#hand) this.#hand.at -= turns;
  }

  /** Lets time pass. Allocates nothing. */
  advance(seconds: number, drive: Drive): void {
    let left = seconds;
    while (left > 0) {
      const step = Math.min(left, LONGEST_STEP_S);
      left -= step;
      const before = this.position;
      if (this.#hand !== undefined && (drive.torque <= 0 || this.#hand.force)) this.#followHand(step);
      else if (drive.torque > LOAD_OF_JOINT) this.#followDrive(step, drive);
      else this.#rest(drive.torque);
      if (this.position === before && this.velocity === 0) return; // nothing will change any more
    }
  }

  #followHand(seconds: number): void {
    const hand = this.#hand!;
    const way = hand.at - this.position;
    const reach = hand.speed * seconds;
    this.load = 0;
    if (Math.abs(way) <= reach) {
      this.velocity = way / seconds;
      this.#moveTo(hand.at);
      this.#hand = undefined;
    } else {
      this.velocity = Math.sign(way) * hand.speed;
      this.#moveTo(this.position + Math.sign(way) * reach);
    }
  }

  #followDrive(seconds: number, drive: Drive): void {
    const way = drive.target - this.position;
    let wanted = drive.speed;
    if (!drive.endless) {
      const distance = Math.abs(way);
      wanted = Math.min(distance / this.lagS, drive.speed, FULL_SPEED);
      if (drive.acceleration > 0) wanted = Math.min(wanted, Math.sqrt(2 * drive.acceleration * distance));
      wanted *= Math.sign(way);
    }
    if (drive.acceleration > 0) {
      const change = drive.acceleration * seconds;
      wanted = Math.min(Math.max(wanted, this.velocity - change), this.velocity + change);
    }
    this.velocity = wanted;
    if (!drive.endless && Math.abs(way) < 0.5 && Math.abs(wanted) < 20) {
      this.velocity = 0;
      this.position = drive.target;
    }
    const effort = Math.sign(wanted) * (LOAD_OF_JOINT + (Math.abs(wanted) / FULL_SPEED) * LOAD_OF_SPEED);
    this.load = Math.min(Math.max(effort, -drive.torque), drive.torque);
    const stopped = this.#moveTo(this.position + this.velocity * seconds);
    if (stopped === 0) return;
    const pressing = drive.endless ? drive.torque : Math.abs(drive.target - this.position) * drive.stiffness;
    this.load = stopped * Math.min(pressing, drive.torque);
  }

  #rest(torque: number): void {
    this.velocity = 0;
    this.load = Math.max(torque, 0);
  }

  /** Moves, no further than an obstacle; returns the side on which it pressed against one, else 0. */
  #moveTo(position: number): -1 | 0 | 1 {
    const obstacle = this.#obstacle;
    if (obstacle !== undefined && (position - obstacle.at) * obstacle.side > 0) {
      this.position = obstacle.at;
      this.velocity = 0;
      return obstacle.side;
    }
    this.position = position;
    return 0;
  }
}

/** The same place in the turn from 0. */
export function withinTurn(steps: number): number {
  return ((steps % STEPS_PER_TURN) + STEPS_PER_TURN) % STEPS_PER_TURN;
}
