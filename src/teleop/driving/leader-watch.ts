/** The leader on its bus while it is not followed: where it is, in the slack of a loop that a client drives. */
import { JOINT_COUNT } from "../../arm/joints.ts";
import { isPosition, SERVO_IDS } from "../../arm/servos/read.ts";
import type { Bus } from "../../feetech/bus.ts";
import { ReadRequest, spanOf, WriteRequest } from "../../feetech/requests.ts";
import { PortError } from "../../serial/transport.ts";
import { UNKNOWN_STEPS } from "../shared/samples.ts";
import { GrowingPauses } from "../state/growing-pauses.ts";
import type { LeaderMotion } from "./leader-motion.ts";

/** It is asked so often, … */
const ASK_EVERY_US = 20_000;
/** … and waited for at least so long. */
const PATIENCE_US = 20_000;
/** What is not answered for so long says nothing of where it is now. */
const KNOWN_FOR_US = 500_000;
/** One write may be lost, and the next: so many are made as soon as the torque is seen on. */
const TORQUE_OFF_FREELY = 3;

/** Watches one leader. Nothing here allocates while its port is there, nor waits. */
export class LeaderWatch {
  /** As read last, in steps; {@link UNKNOWN_STEPS} where it is not known. */
  readonly positions = new Int32Array(JOINT_COUNT).fill(UNKNOWN_STEPS);

  readonly #motion: LeaderMotion;
  /** Where each joint was read last, in steps, and when. */
  readonly #found = new Int32Array(JOINT_COUNT).fill(UNKNOWN_STEPS);
  readonly #foundUs = new Float64Array(JOINT_COUNT).fill(Number.NEGATIVE_INFINITY);
  /**
   * Torque and positions, alone or with more: what is asked after a miss is of another length than what is still owed. Where a
   * servo is silent all of these are owed soon: the answer of one that is not ends what was owed before it.
   */
  readonly #reads = [
    ...(["present_position", "present_velocity", "present_load", "present_temperature"] as const).map(
      (last) => new ReadRequest(SERVO_IDS, spanOf("torque_enable", last)),
    ),
    ...SERVO_IDS.map((id) => new ReadRequest([id], spanOf("torque_enable", "present_position"))),
  ];
  #read = this.#reads[0]!;
  readonly #torqueOff = new WriteRequest(SERVO_IDS, spanOf("torque_enable"));
  readonly #pauses = new GrowingPauses(TORQUE_OFF_FREELY);
  #bus: Bus | undefined;
  #lost: PortError | undefined;
  #isOut = false;
  #askedUs = Number.NEGATIVE_INFINITY;
  #hasTorque = false;

  /** `motion` is told of each reading. */
  constructor(motion: LeaderMotion) {
    this.#motion = motion;
  }

  /** Watches on this bus from now on; on none while the port is not open. */
  watch(bus: Bus | undefined): void {
    this.#bus = bus;
    this.#isOut = false;
    this.#hasTorque = false;
    if (bus !== undefined) return;
    this.positions.fill(UNKNOWN_STEPS);
    this.#found.fill(UNKNOWN_STEPS);
  }

  /** Whether it may be read. */
  get isOpen(): boolean {
    return this.#bus !== undefined;
  }

  /** Takes that its port was lost, once. */
  takeLost(): PortError | undefined {
    const lost = this.#lost;
    this.#lost = undefined;
    return lost;
  }

  /** Takes in where it was seen at `nowUs` by somebody else; what is no position says nothing. */
  see(nowUs: number, positions: ArrayLike<number>): void {
    for (let joint = 0; joint < JOINT_COUNT; joint++) if (!isPosition(positions[joint]!)) return;
    this.#found.set(positions);
    this.#foundUs.fill(nowUs);
    this.positions.set(positions);
    this.#motion.see(nowUs, positions);
  }

  /** Asks where it is, when that is due. */
  ask(nowUs: number): void {
    const bus = this.#bus;
    if (bus === undefined || this.#isOut || nowUs - this.#askedUs < ASK_EVERY_US) return;
    try {
      let choice = 0;
      while (choice < this.#reads.length && bus.mayConfuse(this.#reads[choice]!)) choice++;
      if (choice === this.#reads.length) return;
      this.#read = this.#reads[choice]!;
      this.#askedUs = nowUs;
      bus.request(this.#read);
      this.#isOut = true;
    } catch (error) {
      this.#lose(error);
    }
  }

  /** Takes in what has come, without waiting. */
  poll(): void {
    const bus = this.#bus;
    if (bus === undefined) return;
    const nowUs = bus.clock.nowUs();
    for (let joint = 0; joint < JOINT_COUNT; joint++)
      if (nowUs - this.#foundUs[joint]! > KNOWN_FOR_US) this.positions[joint] = UNKNOWN_STEPS;
    if (!this.#isOut) return;
    try {
      if (bus.poll(this.#read, 0)) this.#take(nowUs);
      else if (nowUs - this.#askedUs > bus.patienceUs(this.#read, PATIENCE_US)) {
        bus.giveUp(this.#read);
        this.#take(nowUs);
      }
    } catch (error) {
      this.#lose(error);
    }
  }

  /** Whether its torque was seen on, and it is time to end that. */
  mustLoseTorque(nowUs: number): boolean {
    return this.#hasTorque && this.#pauses.isOver(nowUs);
  }

  /** Switches its torque off. Whether that was heard the next reading shows. */
  switchTorqueOff(nowUs: number): void {
    this.#pauses.begin(nowUs);
    this.#hasTorque = false;
    try {
      this.#bus?.send(this.#torqueOff);
    } catch (error) {
      this.#lose(error);
    }
  }

  /** Takes in what each servo has answered: one that is silent does not hide what the others show. */
  #take(nowUs: number): void {
    this.#isOut = false;
    const read = this.#read;
    if (read.ids.length === JOINT_COUNT) this.#hasTorque = false;
    let isNews = false;
    for (let index = 0; index < read.ids.length; index++) {
      if (!read.hasAnswerFrom(index)) continue;
      if (read.value(index, "torque_enable") !== 0) this.#hasTorque = true;
      const position = read.value(index, "present_position");
      if (!isPosition(position)) continue;
      const joint = SERVO_IDS.indexOf(read.ids[index]!);
      this.#found[joint] = position;
      this.#foundUs[joint] = nowUs;
      this.positions[joint] = position;
      isNews = true;
    }
    if (isNews) this.#motion.see(nowUs, this.#found);
  }

  /** A leader that is gone is no reason for a client not to drive. */
  #lose(error: unknown): void {
    if (!(error instanceof PortError)) throw error;
    this.#lost = error;
    this.watch(undefined);
  }
}
