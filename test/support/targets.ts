/** Where the goals of a simulated follower belong, for the check of a record. */

import { goalTable } from "../../src/arm/calibration/normalisation.ts";
import { CalibrationStore } from "../../src/arm/calibration/store.ts";
import { JOINTS } from "../../src/arm/joints.ts";
import type { RunningSim } from "../../src/sim/testing/start.ts";

/** For each joint the follower's goal by the leader's reading; undefined while an arm has no calibration. */
export function targetsOf(
  { paths }: Pick<RunningSim, "paths">,
  ids = { leader: "leader", follower: "follower" },
) {
  try {
    const leader = new CalibrationStore(paths.calibration).load({ role: "leader", id: ids.leader });
    const follower = new CalibrationStore(paths.calibration).load({ role: "follower", id: ids.follower });
    return JOINTS.map((joint) => {
      const { range_min, range_max } = follower[joint];
      const goals = goalTable(leader, follower, joint, "range");
      return goals.map((goal) => Math.min(Math.max(goal, range_min), range_max));
    });
  } catch {
    return undefined;
  }
}
