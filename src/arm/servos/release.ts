/** Releasing an arm: the ways to switch its torque off, of which none can move it. */

import type { Bus } from "../../feetech/bus.ts";
import { spanOf, WriteRequest } from "../../feetech/requests.ts";
import { sleepForUs } from "../../linux/clock.ts";
import { SERVO_IDS } from "./read.ts";
import { readOfAll, TRIES } from "./read-each.ts";
import { liftSpeedLimits } from "./speed-limit.ts";

const STAGES = 20;
const STAGE_US = 50_000;

/**
 * The torque limit (0.1 %) from which a servo is released whose own cannot be read: no gripper's is higher, and no
 * joint drops from it.
 */
const UNKNOWN_LIMIT = 500;

/** Whether an arm's servos hold: "unknown" when none that answers does, but not all have answered. */
export type TorqueState = "on" | "off" | "unknown";

/** Asks every servo whether its torque is on, so many times where there is no answer. */
export function torqueState(bus: Bus, tries: number = TRIES): TorqueState {
  const torque = torqueOfEach(bus, tries);
  if (torque.includes(true)) return "on";
  return torque.includes(undefined) ? "unknown" : "off";
}

/** Whether each servo's torque is on, in the joints' order; undefined where there is no answer. */
export function torqueOfEach(bus: Bus, tries: number = TRIES): (boolean | undefined)[] {
  return readOfAll(bus, spanOf("torque_enable"), tries).map(
    (read) => read && read.value(0, "torque_enable") !== 0,
  );
}

/**
 * Releases the arm: the torque limit falls to nothing over about a second, then the torque is switched off and
 * the limits are restored, and that of the speed lifted, for whoever uses the arm next. Takes no longer for servos that do not answer than a third
 * of a second each. Returns the ids of those that did not confirm that their torque is off.
 * Throws {@link PortError} when the port is lost.
 */
export function release(bus: Bus): number[] {
  const before = readOfAll(bus, spanOf("torque_limit"));
  const full = readOfAll(bus, spanOf("max_torque_limit"));
  const limits = new WriteRequest(SERVO_IDS, spanOf("torque_limit"));
  for (let stage = STAGES - 1; stage >= 0; stage--) {
    SERVO_IDS.forEach((_, joint) => {
      const limit = before[joint]?.value(0, "torque_limit") ?? UNKNOWN_LIMIT;
      limits.set(joint, "torque_limit", Math.floor((limit * stage) / STAGES));
    });
    bus.send(limits);
    sleepForUs(bus.clock, STAGE_US);
  }
  const unconfirmed = switchTorqueOff(bus);
  SERVO_IDS.forEach((id, joint) => {
    const limit = full[joint];
    if (limit !== undefined && !unconfirmed.includes(id)) {
      bus.write(id, "torque_limit", limit.value(0, "max_torque_limit"));
    }
  });
  liftSpeedLimits(bus);
  return unconfirmed;
}

/**
 * Switches every servo's torque off at once, each on its own, so that a dead one never leaves the torque of the others on.
 * Returns the ids of the servos that did not confirm it. Throws {@link PortError} when the port is lost.
 */
function switchTorqueOff(bus: Bus): number[] {
  // A sync write's values are 0 unless set. A servo may obey and yet not be heard.
  const all = new WriteRequest(SERVO_IDS, spanOf("torque_enable"));
  bus.send(all);
  const unconfirmed = SERVO_IDS.filter((id) => {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      if (bus.write(id, "torque_enable", 0)) return false;
    }
    return true;
  });
  if (unconfirmed.length > 0) bus.send(all);
  return unconfirmed;
}
