/** Letting a follower go: the ways to switch its torque off, of which none can move it. */
import { SERVO_IDS } from "../arm/read.ts";
import type { Bus } from "../feetech/bus.ts";
import { BlockRead, blockOf, SyncWrite } from "../feetech/sync.ts";
import { nowUs, sleepUntilUs } from "../serial/clock.ts";

const STAGES = 20;
const STAGE_US = 50_000;
const TRIES = 3;

/**
 * Lets the arm down: the torque limit falls to nothing over about a second, then the torque is switched off and
 * the limits are restored for whoever uses the arm next. Takes no longer for servos that do not answer than a tenth
 * of a second each. Returns the ids of those that did not confirm that they are limp.
 * Throws {@link PortError} when the port is lost.
 */
export function relax(bus: Bus): number[] {
  const before = new BlockRead(SERVO_IDS, blockOf("torque_limit"));
  const full = new BlockRead(SERVO_IDS, blockOf("max_torque_limit"));
  bus.exchange(before);
  bus.exchange(full);
  const limits = new SyncWrite(SERVO_IDS, blockOf("torque_limit"));
  for (let stage = STAGES - 1; stage >= 0; stage--) {
    SERVO_IDS.forEach((_, joint) => {
      limits.set(joint, "torque_limit", Math.floor((before.value(joint, "torque_limit") * stage) / STAGES));
    });
    bus.send(limits);
    sleepUntilUs(nowUs() + STAGE_US);
  }
  const unconfirmed = release(bus);
  SERVO_IDS.forEach((id, joint) => {
    if (full.hasAnswerFrom(joint) && !unconfirmed.includes(id)) {
      bus.write(id, "torque_limit", full.value(joint, "max_torque_limit"));
    }
  });
  return unconfirmed;
}

/**
 * Switches every servo's torque off at once, each on its own, so that a dead one never leaves the others energised.
 * Returns the ids of the servos that did not confirm it. Throws {@link PortError} when the port is lost.
 */
export function release(bus: Bus): number[] {
  const unconfirmed = SERVO_IDS.filter((id) => {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      if (bus.write(id, "torque_enable", 0)) return false;
    }
    return true;
  });
  // A servo may obey and yet not be heard. A sync write's values are 0 unless set.
  if (unconfirmed.length > 0) bus.send(new SyncWrite(SERVO_IDS, blockOf("torque_enable")));
  return unconfirmed;
}

/** True when any servo of the arm that answers has its torque on. */
export function isEnergised(bus: Bus): boolean {
  const torque = new BlockRead(SERVO_IDS, blockOf("torque_enable"));
  bus.exchange(torque);
  return SERVO_IDS.some(
    (_, joint) => torque.hasAnswerFrom(joint) && torque.value(joint, "torque_enable") !== 0,
  );
}
