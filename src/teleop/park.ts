/** Leading the follower to the pose in which it is released. */
import type { Calibration } from "../arm/calibration/calibration.ts";
import { denormalise } from "../arm/calibration/normalisation.ts";
import { JOINTS } from "../arm/joints.ts";
import type { Bus } from "../feetech/bus.ts";
import { BusError } from "../feetech/bus-error.ts";
import { type Degrees, degrees, degreesToSteps, type Percent } from "../feetech/units.ts";
import type { FollowerDrive } from "./loop/drive.ts";
import { JointOutOfRange } from "./loop/position-limits.ts";
import type { FollowerGuard } from "./monitoring/guard.ts";
import type { PairSettings } from "./settings.ts";

/** Parking ends this long after the time that the way should take. */
const PARKING_MARGIN_US = 1_000_000;

/** A follower that is checked and configured, and so can be led to a pose. */
export interface ParkingContext {
  readonly drive: FollowerDrive;
  readonly calibration: Calibration;
  /** Watches it on the way. */
  readonly guard: FollowerGuard;
}

/**
 * Leads the follower to the configured pose at the aligning speed, unless a servo falls silent or loses its power; no
 * further once it is `hurried`.
 * Throws {@link PortError} when the port is lost.
 */
export function park(
  { clock }: Bus,
  { drive, calibration, guard }: ParkingContext,
  settings: PairSettings,
  hurried: () => boolean,
): "parked" | "given up" {
  const { rateHz, alignSpeedDegPerS } = settings;
  const targets = parkTargets(settings, calibration);
  if (targets === undefined) return "given up";
  try {
    drive.switchTorqueOn();
  } catch (error) {
    if (error instanceof BusError || error instanceof JointOutOfRange) return "given up";
    throw error;
  }
  const farthestSteps = Math.max(...targets.map((target, joint) => Math.abs(target - drive.goals[joint]!)));
  let dueUs = clock.nowUs();
  const giveUpUs =
    dueUs + (farthestSteps / degreesToSteps(degrees(alignSpeedDegPerS))) * 1e6 + PARKING_MARGIN_US;
  for (;;) {
    // As in the loop: what the servos answered to the tick before, then goals, then the next question.
    guard.poll(clock.nowUs());
    guard.settle(1e6 / rateHz);
    const nowUs = clock.nowUs();
    if (guard.verdict !== "well" || nowUs > giveUpUs || hurried()) return "given up";
    if (guard.mayMove(nowUs) && drive.step(targets)) return "parked";
    guard.request(clock.nowUs());
    // After a stall it goes on from now: ticks made up for would be faster than the limit.
    dueUs = Math.max(dueUs + 1e6 / rateHz, clock.nowUs());
    clock.sleepUntilUs(dueUs);
  }
}

/** Where the configured pose is, in steps, in the joints' order; undefined when there is none. */
export function parkTargets(
  { parkPose, normalisation }: PairSettings,
  calibration: Calibration,
): Int32Array | undefined {
  if (parkPose === undefined) return undefined;
  return Int32Array.from(JOINTS, (joint) =>
    denormalise(parkPose[joint] as Percent | Degrees, calibration[joint], joint, normalisation),
  );
}
