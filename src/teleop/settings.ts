/** What the control thread must know of the configuration. */

import type { Calibration } from "../arm/calibration/calibration.ts";
import type { NormalisationMode } from "../arm/calibration/normalisation.ts";
import type { ArmSettings } from "../arm/connection.ts";
import { type JointName, ROLES, type Role } from "../arm/joints.ts";
import type { GainsByJoint } from "../arm/servos/baseline.ts";
import type { StallLimits } from "./loop/stall-guard.ts";
import type { HealthLimits } from "./monitoring/vitals.ts";

/** What happens to the follower when the program is told to stop. */
export type StopBehaviour = "relax" | "hold" | "park";

/** When a follower without torque begins to follow: as soon as it can, or once the leader was moved by hand. */
export type StartBehaviour = "at once" | "on leader motion";

/** Which arms of a pair are on this machine. */
export type ArmsHere = "both" | Role;

/** What a follower must know of the leader of another machine. Its samples are of this epoch, and no other is followed. */
export interface HeardLeader {
  /** 16 hexadecimal digits: another one whenever the leader was connected anew. */
  readonly epoch: string;
  readonly normalisation: NormalisationMode;
  readonly calibration: Calibration;
}

/** The broker cannot be reached, or does not let us in; `fact` says what happened, and what to do. */
export interface BrokerClosed {
  readonly why: "no broker" | "refused" | "certificate";
  readonly broker: string;
  readonly fact: string;
}

/** Why nothing is heard of the leader of another machine, as the network's client knows it. */
export type RemoteTrouble =
  /** No client of the network is connected to this program. */
  | { readonly why: "no client" }
  | BrokerClosed
  /** The broker has heard nothing of such a leader, or that it is gone. */
  | { readonly why: "unknown" | "offline" }
  /** Its machine is there, and has no leader that is connected and calibrated. */
  | { readonly why: "not ready" }
  /** Its samples come, but not its calibration. */
  | { readonly why: "no calibration" }
  /** It speaks another version of this protocol. */
  | { readonly why: "other version"; readonly version: number };

/** Without a good sample of a leader of another machine for this long a follower holds, unless it is configured. */
export const REMOTE_HOLD_AFTER_MS = 250;

/** Why the positions of this machine's leader do not go out, as the network's client knows it. */
export type UnsentTrouble =
  | Extract<RemoteTrouble, { readonly why: "no client" | "no broker" | "refused" | "certificate" }>
  /** Another machine publishes a leader under this one's name. */
  | { readonly why: "name twice"; readonly name: string };

/** The leader of another machine that the follower is to follow. */
export interface RemoteLeaderSettings {
  /** `desk/main`. */
  readonly name: string;
  /** Without a good sample for this long, the follower holds. */
  readonly holdAfterMs: number;
  /** What is known of it, once something is. */
  readonly heard?: HeardLeader;
}

/** Why nothing is heard of a leader of another machine, `desk/main`; without a trouble once that is over. */
export interface LeaderTrouble {
  readonly leader: string;
  readonly trouble?: RemoteTrouble;
}

/** As JSON a trouble has at most so many bytes: two texts of 200 characters, of up to 6 bytes each, and its leader's name. */
export const LONGEST_TROUBLE_BYTES = 4_096;

/** How one pair is teleoperated. */
export interface PairSettings {
  /** Both if left out. */
  readonly armsHere?: ArmsHere;
  /** Whether the leader's positions go out to the network. */
  readonly isSent?: boolean;
  /** Who gives the follower its targets: this leader of another machine; the leader of this pair if left out. */
  readonly remoteLeader?: RemoteLeaderSettings;
  /** What `holdAfterMs` is of any leader of another machine that is followed later; {@link REMOTE_HOLD_AFTER_MS} if left out. */
  readonly remoteHoldAfterMs?: number;
  /** Whether a person who moves the leader of this pair takes the follower from a client; so if left out. */
  readonly localLeaderWins?: boolean;
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

/** The arms of a pair that are on this machine. */
export function rolesHere({ armsHere = "both" }: Pick<PairSettings, "armsHere">): readonly Role[] {
  return armsHere === "both" ? ROLES : [armsHere];
}
