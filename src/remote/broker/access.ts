/** How a broker is reached: its URL, what this machine knows it by and is known by. The files are read carefully, and anew each time. */
import { readNamedFile } from "../../linux/guarded/path.ts";
import { whyOf } from "../../linux/system-error.ts";
import { BrokerError } from "./trouble.ts";

/** Which broker, and what is needed to be let in there. Paths are absolute. */
export interface BrokerAccess {
  /** `mqtt://host[:port]` or `mqtts://host[:port]`. */
  readonly url: string;
  /** The authority's certificate; those that the system knows if left out. */
  readonly caFile?: string | undefined;
  readonly certificateFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly user?: string | undefined;
  readonly passwordFile?: string | undefined;
}

/** All that a connection is made with. */
export interface Credentials {
  readonly host: string;
  readonly port: number;
  /** Undefined for a connection without TLS. */
  readonly tls: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer } | undefined;
  readonly user: string | undefined;
  readonly password: Buffer | undefined;
  /** The password's file, where others than its owner and its group may read it. */
  readonly openPasswordFile: string | undefined;
}

/** IANA's numbers. */
const PORTS = { "mqtt:": 1883, "mqtts:": 8883 } as const;

/** A bundle of all authorities of the world has some 200 kB. */
const MOST_PEM_BYTES = 1_048_576;
const MOST_PASSWORD_BYTES = 1_024;
const OTHERS_READ = 0o004;

/** Where a broker is, of a URL that was checked when it was configured. */
export function placeOf(url: string): { host: string; port: number; isTls: boolean } {
  const { protocol, hostname, port } = new URL(url);
  const isTls = protocol === "mqtts:";
  // An address of IPv6 stands in brackets.
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  return { host, port: port === "" ? PORTS[isTls ? "mqtts:" : "mqtt:"] : Number(port), isTls };
}

/** Reads what is needed. Throws {@link BrokerError} that names the file which cannot be used. */
export function credentialsOf(access: BrokerAccess): Credentials {
  const { host, port, isTls } = placeOf(access.url);
  const password =
    access.passwordFile === undefined ? undefined : read(access.passwordFile, MOST_PASSWORD_BYTES);
  const tls = isTls
    ? {
        ...pem("ca", access.caFile, "CERTIFICATE"),
        ...pem("cert", access.certificateFile, "CERTIFICATE"),
        ...pem("key", access.keyFile, "KEY"),
      }
    : undefined;
  return {
    ...{ host, port, tls },
    user: access.user,
    password: password && firstLine(access.passwordFile!, password.bytes),
    openPasswordFile: password && (password.mode & OTHERS_READ) !== 0 ? access.passwordFile : undefined,
  };
}

function pem(name: "ca" | "cert" | "key", path: string | undefined, kind: string): Record<string, Buffer> {
  if (path === undefined) return {};
  const { bytes } = read(path, MOST_PEM_BYTES);
  if (!new RegExp(`-----BEGIN [A-Z ]*${kind}-----`).test(bytes.toString("latin1"))) {
    const what = kind === "KEY" ? "a key" : "a certificate";
    throw new BrokerError({ kind: "file", path, fact: `not ${what} in PEM form — name another file` });
  }
  return { [name]: bytes };
}

/** A password as an editor saves it: the end of its line is none of it. */
function firstLine(path: string, bytes: Buffer): Buffer {
  const end = bytes.indexOf("\n");
  const line = end === -1 ? bytes : bytes.subarray(0, end);
  const password = line.at(-1) === 0x0d ? line.subarray(0, -1) : line;
  if (password.length > 0) return password;
  throw new BrokerError({
    kind: "file",
    path,
    fact: "there is no password in its first line — write it there",
  });
}

function read(path: string, mostBytes: number): { bytes: Buffer; mode: number } {
  try {
    const { bytes, stats } = readNamedFile(path, mostBytes);
    return { bytes, mode: stats.mode };
  } catch (error) {
    const why = whyOf(error);
    throw new BrokerError({
      kind: "file",
      path,
      fact: `${why} — name another file, or let this program read it`,
    });
  }
}
