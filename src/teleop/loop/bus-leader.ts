/** The leader on its bus: its positions, tick by tick, and whether its torque is off. */
import { JOINT_COUNT } from "../../arm/joints.ts";
import { isPosition, SERVO_IDS } from "../../arm/servos/read.ts";
import type { Bus } from "../../feetech/bus.ts";
import { ON_THE_LINE_US } from "../../feetech/exchanges.ts";
import { ReadRequest, spanOf, WriteRequest } from "../../feetech/requests.ts";
import type { FiguresSink } from "../monitoring/figures.ts";
import { SERVO_ROUND_US, SLOW_LEADER_SHARE } from "../monitoring/timing.ts";
import { GrowingPauses } from "../state/growing-pauses.ts";
import { JumpGuard } from "./jump-guard.ts";
import type { LeaderSource } from "./leader-source.ts";

/**
 * How long the loop waits for the leader's answers at least. Six servos need 1 to 2 ms on a cable; the rest is patience
 * with a busy USB stack, beyond which the next reading is worth more than this one.
 */
const LEADER_PATIENCE_US = 20_000;

/** One write may be lost, and the next: so many are made as soon as the torque is seen on. */
const TORQUE_OFF_FREELY = 3;

/** A leader that is being read. Allocates nothing. */
export class BusLeader implements LeaderSource {
  readonly positions = new Int32Array(JOINT_COUNT);
  readonly shown = this.positions;
  readonly isOnBus = true;
  readonly stands = false;
  readonly mayJump = false;
  readonly graceUs = 0;

  readonly #bus: Bus;
  /**
   * The positions, alone or with more. After a miss one is asked of another length than what is still owed, so that an
   * answer to that, should it come now, is not taken for news.
   */
  readonly #reads = (
    ["present_position", "present_velocity", "present_load", "present_temperature"] as const
  ).map((last) => new ReadRequest(SERVO_IDS, spanOf("present_position", last)));
  readonly #torque = new ReadRequest(SERVO_IDS, spanOf("torque_enable"));
  readonly #torqueOff = new WriteRequest(SERVO_IDS, spanOf("torque_enable"));
  #read = this.#reads[0]!;
  /** After a miss: a servo that lost its power for a moment is silent for a moment, and may come back with torque. */
  #mustCheck = false;
  readonly #whole = SERVO_IDS.map((id) => new ReadRequest([id], spanOf("torque_enable", "present_current")));
  readonly #figures: FiguresSink;
  /** The read that was asked in the slack of the tick before. */
  #slackRead: ReadRequest | undefined;
  #wholeJoint = 0;
  #wholeUs = Number.NEGATIVE_INFINITY;
  #freshUs = Number.NEGATIVE_INFINITY;
  readonly #jumps = new JumpGuard();
  /** As read, until they are believed. */
  readonly #found = new Int32Array(JOINT_COUNT);
  #hasTorque = false;
  /** Between tries to switch its torque off, where it stays on. */
  readonly #torqueOffPauses = new GrowingPauses(TORQUE_OFF_FREELY);

  constructor(bus: Bus, figures: FiguresSink) {
    this.#bus = bus;
    this.#figures = figures;
  }

  mustLoseTorque(nowUs: number): boolean {
    return this.#hasTorque && this.#torqueOffPauses.isOver(nowUs);
  }

  get usualUs(): number {
    return this.#bus.patienceUs(this.#read, 0);
  }

  get isSlow(): boolean {
    return this.#bus.roundTrip.isSlow;
  }

  takeJump(): number {
    return this.#jumps.take();
  }

  request(): void {
    let choice = 0;
    while (choice < this.#reads.length - 1 && this.#bus.mayConfuse(this.#reads[choice]!)) choice++;
    this.#read = this.#reads[choice]!;
    this.#bus.request(this.#read);
  }

  collect(askedUs: number): boolean {
    const read = this.#read;
    const complete = this.#bus.collect(read, askedUs + this.#bus.patienceUs(read, LEADER_PATIENCE_US));
    if (!complete) {
      this.#mustCheck = true;
      return false;
    }
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      const position = read.value(joint, "present_position");
      if (!isPosition(position)) return false;
      this.#found[joint] = position;
    }
    if (!this.#jumps.believes(this.#found, this.positions, askedUs - this.#freshUs)) return false;
    this.#freshUs = askedUs;
    this.positions.set(this.#found);
    return true;
  }

  wait(untilUs: number): void {
    this.#bus.clock.sleepUntilUs(untilUs);
  }

  /** Asks for the torque after a miss, else for one servo's figures. */
  useSlack(nowUs: number): void {
    if (this.#mustCheck) {
      if (!this.#bus.mayConfuse(this.#torque)) this.#ask(this.#torque);
    } else if (nowUs - this.#wholeUs >= this.#wholeEveryUs) {
      this.#wholeUs = nowUs;
      this.#wholeJoint = (this.#wholeJoint + 1) % JOINT_COUNT;
      this.#ask(this.#whole[this.#wholeJoint]!);
    }
  }

  endSlack(): void {
    const read = this.#slackRead;
    if (read === undefined) return;
    this.#slackRead = undefined;
    if (!this.#bus.collect(read, read.sentUs + this.#bus.patienceUs(read, ON_THE_LINE_US))) return;
    if (read === this.#torque) this.#mustCheck = false;
    else this.#figures(this.#wholeJoint, read, 0);
    this.#hasTorque = false;
    for (let index = 0; index < read.ids.length; index++) {
      if (read.value(index, "torque_enable") !== 0) this.#hasTorque = true;
    }
  }

  /** Some firmware comes back from a loss of power with its torque on. Where it stays on: with growing pauses. */
  switchTorqueOff(nowUs: number): void {
    this.#torqueOffPauses.begin(nowUs);
    this.#bus.send(this.#torqueOff);
    this.#hasTorque = false;
    this.#mustCheck = true;
  }

  #ask(read: ReadRequest): void {
    this.#slackRead = read;
    this.#bus.request(read);
  }

  /** Behind a slow port the next reading of the positions waits for what is asked in the slack. */
  get #wholeEveryUs(): number {
    const { smoothedUs } = this.#bus.roundTrip;
    return Math.max(SERVO_ROUND_US.leader / JOINT_COUNT, smoothedUs / SLOW_LEADER_SHARE);
  }
}
