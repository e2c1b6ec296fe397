/** Where a pair is set up: its boards, its names, its calibrations, and whom the page asks for each. */
import { ROLES, type Role, rolesHere } from "../../arm/joints.ts";
import { type ArmChoice, type ChosenArm, chooseArm, pairConfig } from "../../config/choose-arm.ts";
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

/** The arms of the pair that are on this machine. Throws ConfigError. */
export function rolesOf({ choice }: SetUpPlace): readonly Role[] {
  return rolesHere(pairConfig(choice).network.arms);
}

/** Whether the boards of this machine's arms have their names. Throws ConfigError. */
export function areNamed(place: SetUpPlace, arms: Arms): boolean {
  return rolesOf(place).every((role) => place.naming.isGiven(arms[role].port));
}
