/** The way to a broker: a TCP connection, with TLS on it where that is wanted, made within bounds. */
import { lookup } from "node:dns/promises";
import { createConnection, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { descriptorOf, type Progress, progressOf, sendAgainEvenly } from "../../linux/sockets/inet.ts";
import type { Credentials } from "./access.ts";
import { BrokerError } from "./trouble.ts";

/** An address that does not answer by then will not, or a packet was lost and a new attempt is quicker than waiting. */
const REACHED_WITHIN_MS = 1_000;
/** TLS takes a second on a slow machine, and packets are lost meanwhile. */
const SECURED_WITHIN_MS = 4_000;
/** A name server that does not answer must not keep anybody from an address that was good before. */
const LOOKED_UP_WITHIN_MS = 300;
/** What a name server may take while no address is known. */
const FIRST_LOOKED_UP_WITHIN_MS = 5_000;

/** A connection to a broker's machine. */
export interface BrokerStream {
  readonly socket: Socket;
  /** How far what was written has come. */
  readonly progress: Progress;
}

/** Addresses of hosts as they were looked up last. */
const known = new Map<string, readonly string[]>();

/** Connects. Rejects with what has failed: the system's or TLS's error, or a {@link BrokerError}; or the signal's reason. */
export async function openStream(credentials: Credentials, signal: AbortSignal): Promise<BrokerStream> {
  const addresses = await addressesOf(credentials.host);
  let failed: unknown;
  for (const address of addresses) {
    signal.throwIfAborted();
    try {
      return measured(await open(credentials, address, signal));
    } catch (error) {
      failed = error;
    }
  }
  throw failed;
}

async function addressesOf(host: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  const before = known.get(host);
  const looking = lookup(host, { all: true }).then((found) => {
    const addresses = found.map(({ address }) => address);
    known.set(host, addresses);
    return addresses;
  });
  looking.catch(() => {}); // also where it is not waited for
  const late = new Promise<readonly string[]>((resolve, reject) => {
    const timer = setTimeout(
      () =>
        before === undefined ? reject(new BrokerError({ kind: "unknown host", host })) : resolve(before),
      before === undefined ? FIRST_LOOKED_UP_WITHIN_MS : LOOKED_UP_WITHIN_MS,
    );
    looking.finally(() => clearTimeout(timer)).catch(() => {});
  });
  return Promise.race([before === undefined ? looking : looking.catch(() => before), late]);
}

function open({ host, port, tls }: Credentials, address: string, signal: AbortSignal): Promise<Socket> {
  const socket: Socket =
    tls === undefined
      ? createConnection({ host: address, port, noDelay: true })
      : connectTls({
          ...{ host: address, port, ...tls, minVersion: "TLSv1.2" },
          // An address has no name that could be asked for; the certificate must have it all the same.
          ...(isIP(host) === 0 && { servername: host }),
        });
  return new Promise((resolve, reject) => {
    let timer = setTimeout(late, REACHED_WITHIN_MS);
    function late() {
      fail(new BrokerError({ kind: "silent" }));
    }
    function end() {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      socket.off("error", fail).off("close", hungUp).off("connect", reached).off("secureConnect", done);
    }
    function fail(error: unknown) {
      end();
      socket.on("error", () => {});
      socket.destroy();
      reject(error);
    }
    function abort() {
      fail(signal.reason);
    }
    function hungUp() {
      fail(new BrokerError({ kind: "hung up", tls: tls !== undefined }));
    }
    function done() {
      end();
      resolve(socket);
    }
    function reached() {
      socket.setNoDelay(true);
      if (tls === undefined) return done();
      clearTimeout(timer);
      timer = setTimeout(late, SECURED_WITHIN_MS);
    }
    socket.on("error", fail).on("close", hungUp).on("connect", reached).on("secureConnect", done);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
  });
}

function measured(socket: Socket): BrokerStream {
  const { localPort = 0, remotePort = 0 } = socket;
  let fd = descriptorOf(localPort, remotePort);
  if (fd !== -1) sendAgainEvenly(fd);
  // Its number is another file's soon.
  socket.once("close", () => {
    fd = -1;
  });
  return {
    socket,
    get progress() {
      const queued = socket.writableLength;
      const { unsentBytes, isAcknowledged, acknowledgedBytes, roundTripMs } = progressOf(fd) ?? DONE;
      return {
        unsentBytes: queued + unsentBytes,
        isAcknowledged: queued === 0 && isAcknowledged,
        acknowledgedBytes,
        roundTripMs,
      };
    },
  };
}

/** Of a connection that has ended. */
const DONE: Progress = { unsentBytes: 0, isAcknowledged: true, acknowledgedBytes: 0, roundTripMs: 0 };
