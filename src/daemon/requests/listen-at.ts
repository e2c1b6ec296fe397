/** Listening at a path for those alone who may use it, from the socket's first moment. */
import { renameSync, rmSync } from "node:fs";
import { groupId } from "../../linux/groups.ts";
import { madeFor } from "../../linux/made-for.ts";
import { bindAt, closeListener, listen, type SocketKind } from "../../linux/sockets/stream.ts";

/** Who may use the boards may ask, too. */
const GROUP = "dialout";
const MODE = 0o660;

/**
 * A listener at a path, for root and the group dialout where there is one: the folder may be the service's while root
 * serves here. It takes the place of what was left there when it is complete. Throws the system's error.
 */
export function listenAt(path: string, backlog: number, kind: SocketKind = "stream"): number {
  const unnamed = `${path}~`;
  rmSync(unnamed, { force: true });
  const listener = madeFor({ group: groupId(GROUP), mode: MODE }, () => bindAt(unnamed, kind));
  try {
    listen(listener, unnamed, backlog);
    renameSync(unnamed, path);
    return listener;
  } catch (error) {
    closeListener(listener);
    throw error;
  }
}
