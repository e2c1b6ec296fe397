/** The machine's own ports: who has one is looked up before it is opened, and which program has it, where it is in use. */

import type { BusAccess } from "../feetech/access.ts";
import { othersOn } from "../helper/others.ts";
import { systemClock } from "../linux/clock.ts";
import { lockOwnerOf, ownerOf } from "../linux/owners/owner.ts";
import { latencyTimerOf } from "../serial/latency-timer.ts";
import { PortError } from "../serial/transport.ts";
import { inUseBy } from "../serial/troubles.ts";
import { ArmConnection, type ArmPorts } from "./connection.ts";
import type { ArmIdentity } from "./identity.ts";
import { mayOpen, openTty, type PortLook } from "./tty-ports.ts";
import { watchedPorts } from "./watched-ports.ts";

/** The machine's own ports. What another program has open is not opened; one that comes later is not noticed here. */
export const systemPorts: ArmPorts = {
  clock: systemClock,
  async open(path, baudRate) {
    if (mayOpen(path)) {
      const { isTaken, owner } = await lookAtPort(path);
      if (isTaken) throw inUseBy(path, owner);
    }
    try {
      return { ...(await openTty(path, baudRate)), latencyTimer: latencyTimerOf(path) };
    } catch (error) {
      if (!(error instanceof PortError) || error.trouble !== "in use") throw error;
      throw inUseBy(path, ownerOf(path));
    }
  },
};

/** A connection to the arm on one of the machine's ports, which is given up to any other program that opens it. */
export function connectionTo(arm: ArmIdentity | undefined, path: string, access: BusAccess): ArmConnection {
  return new ArmConnection(arm, path, access, watchedPorts(systemPorts));
}

/** Looks who has the port at a path, whether or not they have locked it. Never rejects. */
export async function lookAtPort(path: string): Promise<PortLook> {
  const owner = lockOwnerOf(path) ?? (await othersOn(path)).programs[0];
  return { isTaken: owner !== undefined, owner };
}
