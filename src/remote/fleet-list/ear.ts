/** The fleet's ear for the list: what is wrong with the broker is said in words. */
import { sayBrokerTrouble } from "../../messages/broker.ts";
import type { BrokerAccess } from "../broker/access.ts";
import { FleetEar } from "../fleet/ear.ts";
import type { ListedFleet } from "./serve.ts";

/** Begins to hear, until it is closed. `machine` is this one's name. */
export function listedFleet(access: BrokerAccess, machine: string): ListedFleet {
  const ear = new FleetEar(access, machine);
  return {
    watch: ear.watch,
    get trouble() {
      const { trouble } = ear;
      return trouble === undefined
        ? null
        : `the broker at ${access.url} cannot be used: ${sayBrokerTrouble(trouble)}`;
    },
    close: () => void ear.close(),
  };
}
