/** What becomes of the follower when the program is told to stop, in bounded time. */
import type { Calibration } from "../arm/calibration/calibration.ts";
import { denormalise } from "../arm/calibration/normalisation.ts";
import { degreesToSteps, JOINTS, nameWithId } from "../arm/joints.ts";
import { SERVO_IDS } from "../arm/read.ts";
import { release, torqueState } from "../arm/release.ts";
import { type Bus, BusError } from "../feetech/bus.ts";
import { nowUs, sleepUntilUs } from "../linux/clock.ts";
import { PortError } from "../serial/transport.ts";
import type { FollowerDrive } from "./loop/drive.ts";
import type { PairSettings } from "./settings.ts";
import { Command } from "./shared/state.ts";

/** Parking ends this long after the time that the way should take. */
const PARKING_MARGIN_US = 1_000_000;

/** How the follower was left. */
export interface Stopped {
  /** For the log: what was done. */
  readonly how: string;
  /** What went wrong, for the person beside the arm. */
  readonly concern?: string;
}

/** A follower that is checked and configured, and so can be led to a pose. */
export interface ReadyFollower {
  readonly drive: FollowerDrive;
  readonly calibration: Calibration;
}

/**
 * Relaxes, holds or parks the follower, as configured; it is parked only when it is `ready`, and no further once
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
    if (torqueState(bus) === "off") return { how: "the follower is limp" };
    if (command() === Command.handOver)
      return { how: "the follower is held for the program that comes next" };
    if (settings.onStop === "hold") return { how: "the follower is held where it is" };
    const parked = settings.onStop === "park" && ready !== undefined && park(ready, settings, hurried);
    const unconfirmed = release(bus);
    if (unconfirmed.length === 0)
      return { how: parked ? "the follower is parked and limp" : "the follower is limp" };
    if (unconfirmed.length === JOINTS.length) return left("no servo answered when it was let down");
    const joints = unconfirmed.map((id) => nameWithId(JOINTS[SERVO_IDS.indexOf(id)]!)).join(", ");
    return left(`${joints} did not confirm to be limp`);
  } catch (error) {
    if (error instanceof PortError) return left(`lost while it was let down (${error.message})`);
    throw error;
  }
}

function left(concern: string): Stopped {
  return {
    how: "the follower may still hold",
    concern: `${concern} — switch its power off before touching it`,
  };
}

/** Leads the follower to the configured pose at the aligning speed; true when it got there. */
function park(
  { drive, calibration }: ReadyFollower,
  settings: PairSettings,
  hurried: () => boolean,
): boolean {
  const { parkPose, normalisation, rateHz, alignSpeedDegPerS } = settings;
  if (parkPose === undefined) return false;
  const targets = Int32Array.from(JOINTS, (joint) =>
    denormalise(parkPose[joint], calibration[joint], joint, normalisation),
  );
  try {
    drive.energise();
  } catch (error) {
    if (error instanceof BusError) return false;
    throw error;
  }
  const farthestSteps = Math.max(...targets.map((target, joint) => Math.abs(target - drive.goals[joint]!)));
  let dueUs = nowUs();
  const giveUpUs = dueUs + (farthestSteps / degreesToSteps(alignSpeedDegPerS)) * 1e6 + PARKING_MARGIN_US;
  while (!drive.step(targets)) {
    if (nowUs() > giveUpUs || hurried()) return false;
    // After a stall it goes on from now: ticks made up for would be faster than the limit.
    dueUs = Math.max(dueUs + 1e6 / rateHz, nowUs());
    sleepUntilUs(dueUs);
  }
  return true;
}
