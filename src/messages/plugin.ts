/** What LeRobot's plugin is told, in words. */
import type { NormalisationMode } from "../arm/calibration/normalisation.ts";

/** From this version on LeRobot's SO-101 arms are in degrees (its pull request 2968). */
const FIRST_IN_DEGREES = [0, 4, 4];

/** That a pair's positions are not those of a LeRobot of this version; undefined where they are, or the version says nothing. */
export function unitsWarning(units: NormalisationMode, lerobot: string): string | undefined {
  const [, ...parts] = /^(\d+)\.(\d+)\.(\d+)/.exec(lerobot) ?? [];
  if (parts.length === 0) return undefined;
  const expected: NormalisationMode = isBefore(parts.map(Number), FIRST_IN_DEGREES) ? "range" : "degrees";
  if (units === expected) return undefined;
  return (
    `its positions are in ${nameOf(units)}, and those of the SO-101 arms of LeRobot ${lerobot} in ${nameOf(expected)}: ` +
    "what is recorded or trained with the one does not fit the other — to have both alike, set " +
    `normalisation = "${expected}" in [teleoperation] of its configuration`
  );
}

/** That a plugin speaks another version of the wire. */
export function otherWire(theirs: number, ours: number, program: string): string {
  return (
    `this plugin speaks version ${theirs} of its wire, and so101 ${program} speaks version ${ours} — install the plugin that ` +
    "came with the program: /usr/share/so101-teleop/lerobot_robot_so101_remote-*.whl"
  );
}

/** That a message is no request. */
export const NO_REQUEST =
  "this is no request that is known here: /usr/share/doc/so101-teleop/lerobot.md has them all";

/** That an action cannot be a position of the arm. */
export function noPosition(units: NormalisationMode): string {
  return (
    `the action is no position of this arm: it takes six numbers in ${nameOf(units)}, and its calibration must be known — ` +
    "check in which units the policy or the dataset is"
  );
}

/** That another program of the same address drives. */
export function anotherDrives(address: string): string {
  return `another program at ${address} drives the follower — end it first, and wait for 0.5 s`;
}

/** That a client's drive is over, and why. */
export function driveOver(address: string, why = "the service of the arms has ended"): string {
  return `${address} drives the follower no more: ${why} — when the arms may move again, start this program again`;
}

/** That targets come from a network that was slow. */
export const LATE_TARGETS = "the network brings targets more than 0.5 s late: they are not acted upon";

function nameOf(units: NormalisationMode): string {
  return units === "degrees" ? "degrees" : "percent of the calibrated range";
}

function isBefore(one: readonly number[], other: readonly number[]): boolean {
  const index = one.findIndex((part, at) => part !== other[at]);
  return index !== -1 && one[index]! < other[index]!;
}
