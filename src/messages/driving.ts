/** Words of clients that drive a pair in its leader's place. */
import type { DriveOver, DrivingClient } from "../teleop/reporting/problem.ts";

/** Who drives: `the client 192.168.1.20`. */
export function sayDrivingClient(client: DrivingClient | undefined): string {
  return client === undefined ? "the client" : `the ${client.as} ${client.who}`;
}

/** Where the follower goes: to its leader's pose, or a client's target. */
export function sayWhereTo(client: DrivingClient | undefined): string {
  return client === undefined ? "the leader's pose" : `the target of ${sayDrivingClient(client)}`;
}

const overs: Readonly<Record<DriveOver, string>> = {
  ended: "it has ended",
  paused: "somebody has paused the pair",
  released: "somebody has released the follower",
  parked: "somebody has the follower parked",
  lent: "somebody has the arms lent to another program",
  asked: "somebody has asked the pair for something else",
  silent: "no target came from it for 10 s",
  "no target": "it gave no target within 10 s",
  "leader took over": "somebody moves the leader, which drives now",
  "leader in hand": "somebody moves the leader, which drives",
  "other leader": "somebody has chosen a leader to be followed",
  "program ends": "the service ends",
};

/** Why a client drives no more. */
export function sayDriveOver(why: DriveOver): string {
  return overs[why];
}
