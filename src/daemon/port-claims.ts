/** Tells the control thread of other programs that have a port of its pair: it sends nothing more there. */
import type { Role } from "../arm/joints.ts";
import { type Others, othersOn } from "../helper/others.ts";
import { PortWatch } from "../helper/port-watch.ts";
import { type PairSettings, rolesHere } from "../teleop/settings.ts";
import type { MainMemory } from "../teleop/shared/control-memory.ts";
import type { BusCounterName } from "../teleop/shared/telemetry.ts";
import type { Lending } from "./lending.ts";

/** A program that is known by its traces only is taken to be gone after so long without being seen. */
const BELIEVE_UNSEEN_FOR_MS = 10_000;

/** What a second program on a line leads to: its bytes come to us, and ours to it. */
const SIGNS: readonly BusCounterName[] = ["noiseBytes", "strays", "corrupted", "timeouts"];

/** Watches the ports of the arms that are here until `stop` is called. Who has them while they are lent is no matter. */
export function watchPorts(
  settings: PairSettings,
  memory: MainMemory,
  lending: Pick<Lending, "borrower" | "count">,
): { stop(): void } {
  const look = async (path: string): Promise<Others> => {
    const { count, borrower } = lending;
    const others = borrower === undefined ? await othersOn(path) : NOBODY;
    return lending.count === count ? others : NOBODY;
  };
  const watches = rolesHere(settings).map((role) => watchPort(role, settings.arms[role].port, memory, look));
  return {
    stop() {
      for (const watch of watches) watch.stop();
    },
  };
}

const NOBODY: Others = { programs: [], isWhole: false };

function watchPort(
  role: Role,
  port: string,
  { claims, telemetry }: MainMemory,
  look: (path: string) => Promise<Others>,
): PortWatch {
  let unseenSinceMs: number | undefined;
  return new PortWatch({
    path: () => port,
    look,
    signs: () => SIGNS.reduce((sum, name) => sum + telemetry.bus(role, name), claims.isUnseen(role) ? 1 : 0),
    found({ programs: [owner] }) {
      unseenSinceMs =
        owner === undefined && claims.isUnseen(role) ? (unseenSinceMs ?? performance.now()) : undefined;
      if (owner !== undefined) claims.claim(role, owner);
      else if (unseenSinceMs === undefined || performance.now() - unseenSinceMs > BELIEVE_UNSEEN_FOR_MS) {
        claims.giveBack(role);
      }
    },
  });
}
