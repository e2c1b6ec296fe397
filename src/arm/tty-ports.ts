/** Opening the ttys that arms are on, by one who opens no other file: what is to be known before is looked up for him. */
import { systemClock } from "../linux/clock.ts";
import { cString, libc } from "../linux/libc.ts";
import type { Owner } from "../linux/owners/program.ts";
import { TtyBinding } from "../serial/binding.ts";
import { inUseBy } from "../serial/troubles.ts";
import { type ArmPort, type ArmPorts, PortAwaited } from "./connection.ts";

/** Who has a port. */
export interface PortLook {
  /** Another program has it, or another part of this one. */
  readonly isTaken: boolean;
  /** That program, where it could be seen. */
  readonly owner?: Owner | undefined;
}

/** Has it looked up who has a port. */
export interface PortLooks {
  /** Who has the port at a path now; undefined when that is not known yet. */
  take(path: string): PortLook | undefined;
  /** What was asked is of no use any more: the port is not there. */
  forget(path: string): void;
}

/** The machine's ports, each opened when it is known that nobody else has it. */
export function ttyPorts(looks: PortLooks): ArmPorts {
  return {
    clock: systemClock,
    async open(path, baudRate) {
      if (mayOpen(path)) {
        const look = looks.take(path);
        if (look === undefined) throw new PortAwaited();
        if (look.isTaken) throw inUseBy(path, look.owner);
      } else {
        looks.forget(path);
      }
      return openTty(path, baudRate);
    },
  };
}

/** Opens the tty at a path. Rejects with a {@link PortError}, which does not name who has it. */
export async function openTty(path: string, baudRate: number): Promise<ArmPort> {
  const port = await TtyBinding.open({ path, baudRate });
  return {
    transport: port.tty,
    setBaudRate: (rate) => port.tty.setBaudRate(rate),
    close: async () => {
      if (port.isOpen) await port.close();
    },
  };
}

// unistd.h
const R_OK = 4;
const W_OK = 2;

/** Whether there is something at a path that this user may open. What cannot be opened is left to who tries. */
export function mayOpen(path: string): boolean {
  return libc.access(cString(path), R_OK | W_OK) === 0;
}
