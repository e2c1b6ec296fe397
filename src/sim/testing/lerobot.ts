/** LeRobot's loop, for comparison, in virtual time: read the follower, read the leader, map, write, 60 times a second. */
import { Bus } from "../../feetech/bus.ts";
import { ReadRequest, spanOf, WriteRequest } from "../../feetech/requests.ts";
import { JOINTS } from "../arm/joints.ts";
import type { VirtualArms } from "./virtual-arms.ts";

/** Its default. */
const RATE_HZ = 60;
/** Its port handler waits so long for a reply; one that does not come ends the loop. */
const TIMEOUT_US = 1_000_000;

/**
 * Runs until `untilUs`. The follower's torque comes on before any goal, as there. `targets` has for each joint where
 * the follower belongs by the leader's reading. Throws when a reply does not come.
 */
export function runLeRobot(
  { clock, boards }: VirtualArms,
  targets: readonly ArrayLike<number>[],
  untilUs: number,
): void {
  const ids = JOINTS.map((_, index) => index + 1);
  const leader = new Bus(boards.leader, { access: "read", clock });
  const follower = new Bus(boards.follower, { access: "drive", clock });
  const positions = new ReadRequest(ids, spanOf("present_position"));
  const torque = new WriteRequest(ids, spanOf("torque_enable"));
  const goals = new WriteRequest(ids, spanOf("goal_position"));
  for (const index of ids.keys()) torque.set(index, "torque_enable", 1);
  follower.send(torque);
  while (clock.nowUs() < untilUs) {
    const startUs = clock.nowUs();
    for (const bus of [follower, leader]) {
      if (!bus.exchange(positions, TIMEOUT_US)) throw new Error("a reply did not come: LeRobot ends");
    }
    for (const index of ids.keys()) {
      goals.set(index, "goal_position", targets[index]![positions.value(index, "present_position")]!);
    }
    follower.send(goals);
    clock.sleepUntilUs(startUs + 1e6 / RATE_HZ);
  }
}
