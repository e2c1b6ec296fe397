/** What becomes of the follower when the program is told to stop, in bounded time. */
import type { Calibration } from "../arm/calibration/calibration.ts";
import { denormalise } from "../arm/calibration/normalisation.ts";
import { JOINTS } from "../arm/joints.ts";
import { SERVO_IDS } from "../arm/servos/read.ts";
import { release, torqueState } from "../arm/servos/release.ts";
import type { Bus } from "../feetech/bus.ts";
import { BusError } from "../feetech/bus-error.ts";
import { type Degrees, degrees, degreesToSteps, type Percent } from "../feetech/units.ts";
import { PortError } from "../serial/transport.ts";
import type { FollowerDrive } from "./loop/drive.ts";
import type { Doubt, Left } from "./reporting/problem.ts";
import type { PairSettings } from "./settings.ts";
import { Command } from "./shared/mailbox.ts";

/** Parking ends this long after the time that the way should take. */
const PARKING_MARGIN_US = 1_000_000;

/** How the follower was left. */
export interface Stopped {
  readonly left: Left;
  /** Why it may hold although it should not. */
  readonly doubt?: Doubt;
}

/** A follower that is checked and configured, and so can be led to a pose. */
export interface ReadyFollower {
  readonly drive: FollowerDrive;
  readonly calibration: Calibration;
}

/**
 * Releases, holds or parks the follower, as configured; it is parked only when it is `ready`, and no further once
 * `command` is to stop quickly. When that is to hand over it is held, whatever is configured. Never throws.
 */
export function stopFollower(
  bus: Bus,
  settings: PairSettings,
  ready: ReadyFollower | undefined,
  command: () => number,
): Stopped {
  const hurried = () => command() === Command.stopQuickly;
  try {
    if (torqueState(bus) === "off") return { left: "released" };
    if (command() === Command.handOver) return { left: "handed over" };
    if (settings.onStop === "hold") return { left: "held" };
    const parked =
      settings.onStop === "park" && ready !== undefined && park(bus, ready, settings, hurried) === "parked";
    const unconfirmed = release(bus);
    if (unconfirmed.length === 0) return { left: parked ? "parked" : "released" };
    if (unconfirmed.length === JOINTS.length) return { left: "in doubt", doubt: { why: "no answer" } };
    const joints = unconfirmed.map((id) => JOINTS[SERVO_IDS.indexOf(id)]!);
    return { left: "in doubt", doubt: { why: "not confirmed", joints } };
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    const { trouble, path, owner } = error;
    if (trouble === "in use") return { left: "in use", doubt: { why: "in use", path, owner } };
    return { left: "in doubt", doubt: { why: "port lost", fact: error.message } };
  }
}

/** Leads the follower to the configured pose at the aligning speed. */
function park(
  { clock }: Bus,
  { drive, calibration }: ReadyFollower,
  settings: PairSettings,
  hurried: () => boolean,
): "parked" | "given up" {
  const { parkPose, normalisation, rateHz, alignSpeedDegPerS } = settings;
  if (parkPose === undefined) return "given up";
  const targets = Int32Array.from(JOINTS, (joint) =>
    denormalise(parkPose[joint] as Percent | Degrees, calibration[joint], joint, normalisation),
  );
  try {
    drive.switchTorqueOn();
  } catch (error) {
    if (error instanceof BusError) return "given up";
    throw error;
  }
  const farthestSteps = Math.max(...targets.map((target, joint) => Math.abs(target - drive.goals[joint]!)));
  let dueUs = clock.nowUs();
  const giveUpUs =
    dueUs + (farthestSteps / degreesToSteps(degrees(alignSpeedDegPerS))) * 1e6 + PARKING_MARGIN_US;
  while (!drive.step(targets)) {
    if (clock.nowUs() > giveUpUs || hurried()) return "given up";
    // After a stall it goes on from now: ticks made up for would be faster than the limit.
    dueUs = Math.max(dueUs + 1e6 / rateHz, clock.nowUs());
    clock.sleepUntilUs(dueUs);
  }
  return "parked";
}
