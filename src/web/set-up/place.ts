/** Where a pair is set up: its boards, its names, its calibrations, and whom the page asks for each. */
import { ROLES, type Role } from "../../arm/joints.ts";
import { type ArmChoice, type ChosenArm, chooseArm } from "../../config/choose-arm.ts";
import type { Boards } from "../boards.ts";
import type { Compared } from "./compared.ts";
import type { HandedFiles } from "./handed-files.ts";
import type { Naming } from "./naming.ts";

/** Both arms of a pair. */
export type Arms = Readonly<Record<Role, ChosenArm>>;

/** With what all pairs of a machine are set up. */
export interface SetUpMeans {
  readonly boards: Boards;
  readonly naming: Naming;
  readonly compared: Compared;
}

/** What setting a pair up needs to know. */
export interface SetUpPlace extends SetUpMeans {
  /** The pair's name. */
  readonly pair: string;
  /** Where its service may listen. */
  readonly sockets: readonly string[];
  /** Where the pair is configured. */
  readonly choice: ArmChoice;
  readonly files: HandedFiles;
}

/** The pair's arms as they are configured. Throws ConfigError. */
export function armsOf({ choice }: SetUpPlace): Arms {
  const [leader, follower] = ROLES.map((role) => chooseArm(role, choice));
  return { leader: leader!, follower: follower! };
}

/** Whether both arms' boards have their names. */
export function areNamed({ naming }: SetUpPlace, arms: Arms): boolean {
  return ROLES.every((role) => naming.isGiven(arms[role].port));
}
