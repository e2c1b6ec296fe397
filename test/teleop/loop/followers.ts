/** A simulated follower without time, and its drive: for the tests of what moves it. */
import { expect } from "bun:test";
import { Bus } from "../../../src/feetech/bus.ts";
import { registers } from "../../../src/feetech/registers.ts";
import type { Clock } from "../../../src/linux/clock.ts";
import { SimulatedArm } from "../../../src/sim/arm/arm.ts";
import { JOINTS } from "../../../src/sim/arm/joints.ts";
import { factoryState, type ServoEvent } from "../../../src/sim/servo/servo.ts";
import { VirtualClock } from "../../../src/sim/testing/clock.ts";
import { SimulatedTransport } from "../../../src/sim/testing/transport.ts";
import { FollowerDrive } from "../../../src/teleop/loop/drive.ts";

/** In 5 ms that is 2.56 steps while a joint approaches, and 20.48 when it follows. */
export const limits = {
  alignSpeedDegPerS: 45,
  followSpeedDegPerS: 360,
  stall: { currentMa: 1_000, afterS: 3 },
};
/** What a goal moves by in one tick at most, in whole steps: parts are carried over. */
export const SLOW = 3;
export const FAST = 21;

export const GOAL = registers.goal_position.address;

/** A drive whose goals are written a tick after those before. */
export class TickingDrive extends FollowerDrive {
  tickS = 0.005;
  readonly #clock: Clock;

  constructor(bus: Bus, ...rest: Tail<ConstructorParameters<typeof FollowerDrive>>) {
    super(bus, ...rest);
    this.#clock = bus.clock;
  }

  override step(targets: ArrayLike<number>): boolean {
    this.#clock.sleepUntilUs(this.#clock.nowUs() + this.tickS * 1e6);
    return super.step(targets);
  }
}

type Tail<List extends unknown[]> = List extends [unknown, ...infer Rest] ? Rest : never;

/** A follower whose joints stand at the given positions, on a bus without time. */
export function follower(
  positions: readonly number[] = [1000, 1500, 2000, 2500, 3000, 3500],
  ranges = { min: 0, max: 4095 },
  bounds = limits,
) {
  const told: ServoEvent[] = [];
  const states = positions.map((position, index) => factoryState(index + 1, position));
  const clock = new VirtualClock();
  const arm = new SimulatedArm("follower", clock.nowUs(), states, (_, event) => told.push(event));
  const transport = new SimulatedTransport(arm, undefined, clock);
  const bus = new Bus(transport, { access: "drive", clock });
  const drive = new TickingDrive(
    bus,
    JOINTS.map(() => ranges),
    bounds,
  );
  return { transport, arm, bus, drive, told };
}

/** A follower whose joints all follow, each at 2000. */
export function following() {
  const it = follower([2000, 2000, 2000, 2000, 2000, 2000]);
  it.drive.switchTorqueOn();
  it.drive.step(new Int32Array(6).fill(2000));
  return it;
}

/** The goals that a sync write of goals tells the six servos. */
export function goalsIn(packet: Uint8Array): number[] {
  expect([packet[4], packet[5]]).toEqual([0x83, GOAL]);
  const stride = packet[6]! + 1;
  return JOINTS.map((_, joint) => packet[8 + joint * stride]! | (packet[9 + joint * stride]! << 8));
}
