/** What the control thread must know of the configuration. */

import type { NormalisationMode } from "../arm/calibration/normalisation.ts";
import type { ArmSettings } from "../arm/connection.ts";
import type { JointName, Role } from "../arm/joints.ts";
import type { GainsByJoint } from "../arm/servos/baseline.ts";
import type { StallLimits } from "./loop/stall-guard.ts";
import type { HealthLimits } from "./monitoring/vitals.ts";

/** What happens to the follower when the program is told to stop. */
export type StopBehaviour = "relax" | "hold" | "park";

/** When a follower without torque begins to follow: as soon as it can, or once the leader was moved by hand. */
export type StartBehaviour = "at once" | "on leader motion";

/** How one pair is teleoperated. */
export interface PairSettings {
  readonly arms: Readonly<Record<Role, ArmSettings>>;
  /** The root of LeRobot's calibration tree. */
  readonly calibrationDir: string;
  readonly rateHz: number;
  readonly normalisation: NormalisationMode;
  /** The speed at which a joint of the follower approaches the leader's pose. */
  readonly alignSpeedDegPerS: number;
  /** The speed that a joint of the follower never exceeds. */
  readonly followSpeedDegPerS: number;
  /** Without a fresh leader position for this long, the follower holds. */
  readonly holdAfterMs: number;
  /** After holding for this long the follower is released softly. */
  readonly holdForS: number;
  readonly onStop: StopBehaviour;
  readonly start: StartBehaviour;
  readonly health: HealthLimits;
  readonly stall: StallLimits;
  /** Of the follower's servos; LeRobot's if left out. */
  readonly gains?: GainsByJoint;
  /** The follower's pose to park in, in its own normalised units; needed when `onStop` is "park". */
  readonly parkPose?: Readonly<Record<JointName, number>>;
}
