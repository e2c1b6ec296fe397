/** Parking while the program goes on: the follower is led to its parking pose because somebody asked, and released. */
import type { ArmIdentity } from "../arm/identity.ts";
import { JOINTS, type JointName } from "../arm/joints.ts";
import { positionsRead } from "../arm/servos/read.ts";
import type { Bus } from "../feetech/bus.ts";
import { type FollowContext, leaveFault } from "./loop/follow.ts";
import { type ParkingContext, park, parkTargets } from "./park.ts";
import type { Reporter } from "./reporting/reporter.ts";
import type { Mailbox } from "./shared/mailbox.ts";

/** A joint that ends this close to the pose is in it: gravity and friction account for the difference. */
const THERE_WITHIN_STEPS = 114; // 10°

/**
 * Leads the follower to its parking pose at the aligning speed and releases it, until somebody asks for something else.
 * Throws {@link BusError}, {@link PortError}.
 */
export function parkAsAsked(bus: Bus, parking: ParkingContext, context: FollowContext): void {
  const { machine, reporter, keeper, memory, settings } = context;
  const { mailbox, telemetry } = memory;
  const arm = context.arms.follower;
  const targets = parkTargets(settings, parking.calibration);
  if (targets === undefined) {
    mailbox.endPark("as before");
    reporter.notice("warning", { code: "pair.not-parked", arm, why: "no pose" });
    return;
  }
  keeper.saw("on");
  leaveFault(context);
  machine.enter("aligning", [{ code: "pair.parking", stage: "moving" }]);
  let isCalledAway = false;
  park(bus, parking, settings, () => {
    telemetry.beat();
    isCalledAway ||= mailbox.takesAway("parking");
    return isCalledAway;
  });
  keeper.followerMoved();
  if (isCalledAway || mailbox.takesAway("parking")) {
    if (!mailbox.isParkAsked) reporter.notice("info", { code: "pair.not-parked", arm, why: "ended" });
    return;
  }
  const positions = positionsRead();
  bus.readAll(positions);
  const joints = JOINTS.filter(
    (_, joint) => Math.abs(positions.value(joint, "present_position") - targets[joint]!) > THERE_WITHIN_STEPS,
  );
  mailbox.endPark("released");
  const unconfirmed = keeper.releaseParked();
  tell(joints, unconfirmed, arm, reporter);
}

/** The pair cannot park now: whoever asked for it is told, and nothing moves later, when nobody looks any more. */
export function cannotPark(arm: ArmIdentity, reporter: Reporter, mailbox: Mailbox): void {
  mailbox.endPark("as before");
  reporter.notice("warning", { code: "pair.not-parked", arm, why: "not ready" });
}

function tell(
  joints: readonly JointName[],
  unconfirmed: readonly JointName[],
  arm: ArmIdentity,
  reporter: Reporter,
): void {
  if (joints.length > 0) {
    reporter.notice("warning", { code: "pair.not-parked", arm, why: "not there", joints, unconfirmed });
  } else {
    const severity = unconfirmed.length === 0 ? "info" : "warning";
    reporter.notice(severity, { code: "pair.parked", arm, unconfirmed });
  }
}
