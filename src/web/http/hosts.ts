/** Which names of this machine a browser may have asked for: any other is somebody's trick with DNS. */
import { isIP } from "node:net";
import { hostname } from "node:os";

/**
 * Whether a request's Host is this machine: an address, localhost, a name that ends in `.local`, the machine's own name,
 * or one of `more`. What a page from elsewhere has resolved to our address is none of these.
 */
export function isOwnHost(host: string | null, more: readonly string[] = []): boolean {
  const name = nameIn(host);
  if (name === undefined) return false;
  if (isIP(name.replace(/^\[(.*)\]$/, "$1")) !== 0) return true;
  return (
    name === "localhost" || name.endsWith(".local") || [hostname().toLowerCase(), ...more].includes(name)
  );
}

/** Whether what a page asks comes from a page of ours: a browser names the page's origin in all that can change something. */
export function isOwnOrigin(origin: string | null, host: string | null): boolean {
  if (origin === null) return false;
  try {
    return new URL(origin).host === host?.toLowerCase();
  } catch {
    return false;
  }
}

/** The name without its port, in small letters; undefined for what is no Host. */
function nameIn(host: string | null): string | undefined {
  try {
    const { hostname: name, username, pathname } = new URL(`http://${host ?? ""}`);
    return username === "" && pathname === "/" && name !== "" ? name : undefined;
  } catch {
    return undefined;
  }
}
