/** The machine's ports for a tool: each is given up as soon as another program opens it, as the service does it. */
import { PortWatch } from "../helper/port-watch.ts";
import type { Owner } from "../linux/owners/program.ts";
import type { ArmPort, ArmPorts } from "./connection.ts";
import { yielding } from "./yielding-ports.ts";

/**
 * `ports`, watched from their opening to their closing. Once another program has a port it is closed, and whatever is
 * sent on it throws the {@link PortError} "in use" that names the program.
 */
export function watchedPorts(ports: ArmPorts): ArmPorts {
  return {
    clock: ports.clock,
    async open(path, baudRate): Promise<ArmPort> {
      const given = await ports.open(path, baudRate);
      const claimant: { hasIt: boolean; owner: Owner | undefined } = { hasIt: false, owner: undefined };
      const port = yielding(given, path, claimant);
      const watch = new PortWatch({
        path: () => path,
        signs: () => port.transport.discarded,
        found({ programs: [owner] }) {
          if (owner === undefined || claimant.hasIt) return;
          Object.assign(claimant, { hasIt: true, owner });
          void port.close();
        },
      });
      return {
        ...port,
        async close() {
          watch.stop();
          await port.close();
        },
      };
    },
  };
}
