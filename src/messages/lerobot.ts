/** What is told of LeRobot's programs on other machines, in words. */

/** That a client may drive, and has begun. */
export function clientDrives(who: string): string {
  return `LeRobot at ${who} drives the follower`;
}

/** That it does not any more, and why, where the service has said it. */
export function clientDrivesNoMore(who: string, why: string | undefined): string {
  return `LeRobot at ${who} drives no more${why === undefined ? "" : `: ${why}`}`;
}

/** That it wants to, and may not. */
export function clientMayNotDrive(who: string, why: string): string {
  return `LeRobot at ${who} may not drive the follower: ${why}`;
}

/** That its commands cannot be understood, because nobody knows the follower's ranges. */
export function unknownArms(who: string): string {
  return `LeRobot at ${who} may not drive the follower: its calibration is not known yet — see: so101 status`;
}

/** That a second client is refused, by its address where that is known. */
export function secondClient(address: string | undefined): string {
  return (
    `${at(address)} is refused: another one is connected, and LeKiwi's wire is for one client at a time — end that one ` +
    "first, then start this one again"
  );
}

/** That what comes from a client is no command. */
export function noCommand(address: string | undefined): string {
  return (
    `${at(address)} sends what is no command, and it moves nothing: there must be a finite number for each of the six joints, ` +
    "arm_shoulder_pan.pos to arm_gripper.pos, in the units of this pair — check in which the policy or the dataset is"
  );
}

function at(address: string | undefined): string {
  return address === undefined ? "a client of LeRobot's" : `LeRobot at ${address}`;
}

/** Where LeRobot's programs are answered from now on, and which option of theirs names which port. */
export function listens({ hostname, port }: { hostname: string; port: number }): string {
  return (
    `LeRobot's programs are answered at ${hostname}: the plugin at port ${port + 2} (--robot.port) and the next one, ` +
    `lekiwi_client at ports ${port} (--robot.port_zmq_cmd) and ${port + 1} (--robot.port_zmq_observations)`
  );
}

/** That nobody can be answered at an address. */
export function cannotListen({ hostname, port }: { hostname: string; port: number }, why: string): string {
  return (
    `LeRobot's programs cannot be answered at ${hostname}, ports ${port} to ${port + 3}: ${why} — check listen in [lerobot] of ` +
    "the configuration (--listen), and who has those ports: sudo ss -ltnp"
  );
}

/** What to do about a missing library. */
export const NO_LIBZMQ =
  "LeRobot's programs cannot be answered: Debian's package libzmq5 is not installed — install it: sudo apt install libzmq5";
