/** A pair's connection to the broker, one for each part of the client. */
import { sayBrokerTrouble } from "../../messages/broker.ts";
import type { NetworkPair } from "../pair.ts";
import { BrokerConnection, type ConnectionOptions, clientIdFor } from "./connection.ts";

/** What a part of the client says of its connection. */
export type PartOptions = Omit<ConnectionOptions, "access" | "clientId" | "openPasswordFile" | "troubled"> &
  Partial<Pick<ConnectionOptions, "troubled">>;

/** Connects a part, `mouth`, `ear` or `voice`, for a pair. What stands in its way is told in the client's log. */
export function connectPart(pair: NetworkPair, part: string, options: PartOptions): BrokerConnection {
  const { access, reporting } = pair;
  const key = {};
  const connection = new BrokerConnection({
    ...options,
    access,
    clientId: clientIdFor(pair.machine, pair.pair, part),
    connected() {
      reporting.connected(key);
      options.connected();
    },
    troubled(trouble) {
      if (trouble.kind === "topic denied")
        reporting.once(`the broker at ${access.url}: ${sayBrokerTrouble(trouble)}`);
      else reporting.lost(key, trouble);
      options.troubled?.(trouble);
    },
    ended: () => reporting.gone(key),
    openPasswordFile: (path) =>
      reporting.once(`everybody on this machine may read the password in ${path} — "chmod o-r ${path}"`),
  });
  return connection;
}
