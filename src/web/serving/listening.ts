/** Why an address cannot be listened at, and what to do. */
import type { ListenAddress } from "../../config/web.ts";
import { isSystemError } from "../../linux/system-error.ts";

/** The address cannot be listened at; the message is for the person. */
export class CannotListen extends Error {
  override readonly name = "CannotListen";
}

/** What `listen` gives. Throws {@link CannotListen} for what the system does not permit. */
export function listening<Running>({ hostname, port }: ListenAddress, listen: () => Running): Running {
  try {
    return listen();
  } catch (error) {
    const say = isSystemError(error) ? reasons[error.code] : undefined;
    if (say === undefined) throw error;
    const at = hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
    throw new CannotListen(`the page cannot be served at ${at}: ${say(port)}`, { cause: error });
  }
}

const ELSEWHERE = "choose another with --listen, or with listen in [web] of the configuration";

const reasons: Readonly<Record<string, (port: number) => string>> = {
  EADDRINUSE: (port) =>
    `another program listens there already — end it ("sudo ss -tlnp sport = :${port}" names it), or ${ELSEWHERE}`,
  EADDRNOTAVAIL: () =>
    `this machine has no such address (yet) — "ip address" lists those that it has; ${ELSEWHERE}`,
  EACCES: () => `this user may not use that port: those below 1024 are root's — ${ELSEWHERE}`,
};
