/** Hears at the broker how every pair of every machine is. */
import { sayBrokerTrouble } from "../../messages/broker.ts";
import type { BrokerAccess } from "../broker/access.ts";
import { BrokerConnection, clientIdFor } from "../broker/connection.ts";
import { EVERY_STATUS } from "../fleet/topics.ts";
import { FleetWatch } from "../fleet/watch.ts";
import type { FleetEar } from "./serve.ts";

/** Begins to hear, until it is closed. `machine` is this one's name. */
export function fleetEar(access: BrokerAccess, machine: string): FleetEar {
  const watch = new FleetWatch();
  let trouble: string | null = null;
  const connection = new BrokerConnection({
    access,
    clientId: clientIdFor(machine, "fleet", "list"),
    connected() {
      trouble = null;
      // Each is said again within a second: what is lost need not be sent again.
      connection.subscribe({ [EVERY_STATUS]: 0 });
    },
    heard: ({ topic, payload, isRetained }) => watch.take(topic, payload, isRetained),
    troubled(now) {
      trouble = `the broker at ${access.url} cannot be used: ${sayBrokerTrouble(now)}`;
    },
  });
  return {
    watch,
    get trouble() {
      return trouble;
    },
    close() {
      void connection.end();
    },
  };
}
