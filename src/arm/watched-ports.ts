/** The machine's ports for a tool: each is given up as soon as another program opens it, as the service does it. */
import { PortWatch } from "../helper/port-watch.ts";
import type { Owner } from "../linux/owner.ts";
import type { ArmPort, ArmPorts } from "./connection.ts";
import { YieldingTransport } from "./yielding-ports.ts";

/**
 * `ports`, watched from their opening to their closing. Once another program has a port it is closed, and whatever is
 * sent on it throws the {@link PortError} "in use" that names the program.
 */
export function watchedPorts(ports: ArmPorts): ArmPorts {
  return {
    clock: ports.clock,
    async open(path, baudRate): Promise<ArmPort> {
      const port = await ports.open(path, baudRate);
      let owner: Owner | undefined;
      const claimants = { has: () => owner !== undefined, ownerOf: () => owner };
      const transport = new YieldingTransport(port.transport, path, claimants);
      const watch = new PortWatch({
        path: () => path,
        signs: () => transport.discarded,
        found({ programs }) {
          owner ??= programs[0];
          if (owner !== undefined) void port.close();
        },
      });
      return {
        transport,
        setBaudRate: (rate) => port.setBaudRate(rate),
        async close() {
          watch.stop();
          await port.close();
        },
      };
    },
  };
}
