/** What becomes of the follower when the program is told to stop, in bounded time. */
import { GRIPPER, JOINTS, type Role } from "../arm/joints.ts";
import { SERVO_IDS } from "../arm/servos/read.ts";
import { release, torqueState } from "../arm/servos/release.ts";
import { liftSpeedLimits } from "../arm/servos/speed-limit.ts";
import type { Bus } from "../feetech/bus.ts";
import { BusError } from "../feetech/bus-error.ts";
import { ReadRequest, spanOf } from "../feetech/requests.ts";
import { degrees, degreesToSteps, STEPS_PER_TURN } from "../feetech/units.ts";
import { PortError } from "../serial/transport.ts";
import type { PairParts } from "./context.ts";
import { FollowerDrive } from "./loop/drive.ts";
import { isUnmoved, PRESS_STEPS } from "./loop/joint-motion.ts";
import { type ParkingContext, park } from "./park.ts";
import type { Doubt, Left } from "./reporting/problem.ts";
import type { PairSettings } from "./settings.ts";
import { Command } from "./shared/mailbox.ts";

/** Leading joints to where they are ends this long after the time that the way should take. */
const LEADING_MARGIN_US = 1_000_000;

/** How the follower was left. */
export interface Stopped {
  readonly left: Left;
  /** Why it may hold although it should not. */
  readonly doubt?: Doubt;
}

/**
 * Stops a pair: no torque on the leader's port, where the follower may hang; then the follower as {@link stopFollower} does,
 * and a word on what is not certain. `roles` are the arms that are used, `parking` leads to the pose, once it may.
 */
export function stopPair(
  parts: PairParts,
  settings: PairSettings,
  { roles, parking }: { readonly roles: readonly Role[]; readonly parking: ParkingContext | undefined },
): Left {
  const { keeper, reporter, arms } = parts;
  try {
    keeper.releaseLeaderIfHeld();
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
  }
  if (!roles.includes("follower")) return "elsewhere";
  const { left, doubt } = stopConnected(parts, settings, parking);
  if (doubt !== undefined) reporter.notice("warning", { code: "arm.may-hold", arm: arms.follower, doubt });
  return left;
}

function stopConnected(
  { connections, memory, keeper }: PairParts,
  settings: PairSettings,
  parking: ParkingContext | undefined,
): Stopped {
  const { bus, path, problem } = connections.follower;
  const { claims, mailbox, telemetry } = memory;
  if (claims.has("follower")) {
    return { left: "in use", doubt: { why: "in use", path, owner: claims.ownerOf("follower") } };
  }
  if (problem?.code === "port.busy") {
    return { left: "in use", doubt: { why: "in use", path, owner: problem.owner } };
  }
  if (bus === undefined) {
    const left = "not connected";
    return keeper.mayHold ? { left, doubt: { why: "not connected" } } : { left };
  }
  return stopFollower(bus, settings, parking, () => {
    telemetry.beat();
    return mailbox.command;
  });
}

/**
 * Releases, holds or parks the follower, as configured; it is parked only when it is `ready`, and no further once
 * `command` is to stop quickly. When that is to hand over it is held, whatever is configured. However it is left, its
 * servos limit its speed no longer. `command` is called all along, which is a sign of life. Never throws.
 */
export function stopFollower(
  bus: Bus,
  settings: PairSettings,
  ready: ParkingContext | undefined,
  command: () => number,
): Stopped {
  const hurried = () => command() === Command.stopQuickly;
  try {
    if (torqueState(bus) === "off") {
      liftSpeedLimits(bus);
      return { left: "released" };
    }
    const isHandedOver = command() === Command.handOver;
    if (isHandedOver || settings.onStop === "hold") {
      holdWithoutSpeedLimits(bus, settings, command);
      return { left: isHandedOver ? "handed over" : "held" };
    }
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

/**
 * Lifts the limits of the speed of a follower that holds: at once where a joint is near its goal; any other would snap to
 * it when what keeps it away goes, so its goal is led to where it is first, unless it is a gripper that holds something.
 * It is read before each goal: a servo that lost its power is left alone, and one that does not answer ends it. It takes
 * half a second at the default speed, also for who is in a hurry: a limit that stays makes LeRobot crawl.
 */
function holdWithoutSpeedLimits(bus: Bus, settings: PairSettings, alive: () => void): void {
  if (liftSpeedLimits(bus).length === 0) return;
  const { clock } = bus;
  const { rateHz, alignSpeedDegPerS } = settings;
  const speed = degreesToSteps(degrees(alignSpeedDegPerS));
  // Goals are whole steps: a tick is so long that one fits.
  const tickUs = Math.max(1e6 / rateHz, Math.ceil(1e6 / speed));
  const wholeTurns = JOINTS.map(() => ({ min: 0, max: STEPS_PER_TURN - 1 }));
  const drive = new FollowerDrive(bus, wholeTurns, settings);
  const found = new ReadRequest(SERVO_IDS, spanOf("torque_enable", "present_velocity"));
  try {
    bus.readAll(found);
    const targets = JOINTS.map((_, joint) => found.value(joint, "present_position") + pressure(found, joint));
    const ways = targets.map((target, joint) => Math.abs(target - found.value(joint, "goal_position")));
    let dueUs = clock.nowUs();
    const giveUpUs = dueUs + (Math.max(...ways) / speed) * 1e6 + LEADING_MARGIN_US;
    while (!drive.liftSpeedLimits(found, targets, tickUs) && clock.nowUs() < giveUpUs) {
      alive();
      dueUs = Math.max(dueUs + tickUs, clock.nowUs());
      clock.sleepUntilUs(dueUs);
      bus.readAll(found);
    }
  } catch (error) {
    if (!(error instanceof BusError)) throw error;
  }
  // Of those that were not led so far, or not all the way.
  liftSpeedLimits(bus);
}

/**
 * How far a joint's goal stays ahead of where it is, in steps. A gripper that stands beside its goal holds something, and
 * with its goal where it is it would have no force: it goes on pressing, as far ahead as against any obstacle.
 */
function pressure(found: ReadRequest, joint: number): number {
  if (joint !== GRIPPER || !isUnmoved(found.value(joint, "present_velocity"))) return 0;
  const lead = found.value(joint, "goal_position") - found.value(joint, "present_position");
  return Math.min(Math.max(lead, -PRESS_STEPS), PRESS_STEPS);
}
