/** Which names of this machine a browser may have asked for: any other is somebody's trick with DNS. */
import { isIP } from "node:net";
import { hostname } from "node:os";

/**
 * Whether a request's Host is this machine: an address, localhost, a name that ends in `.local`, the machine's own name,
 * or one of `more`. What a page from elsewhere has resolved to our address is none of these.
 */
export function isOwnHost(host: string | null, more: readonly string[] = []): boolean {
  const name = hostIn(host)?.hostname;
  if (name === undefined) return false;
  if (isIP(name.replace(/^\[(.*)\]$/, "$1")) !== 0 || name === "localhost") return true;
  if (name.endsWith(".local") && name.length > ".local".length) return true;
  return [hostname(), ...more].some((own) => own.toLowerCase() === name);
}

/**
 * Whether what a page asks comes from a page of ours: a browser names the page's origin in all that can change something.
 * A proxy before this server may speak https to the browser, and then keeps the Host.
 */
export function isOwnOrigin(origin: string | null, host: string | null): boolean {
  if (origin === null || !/^https?:\/\/[^/?#@\s]+$/.test(origin) || !URL.canParse(origin)) return false;
  const { protocol, host: theirs } = new URL(origin);
  return theirs === hostIn(host, protocol)?.host;
}

/** What a Host says, in small letters and without the scheme's own port; undefined for what is no Host, or two. */
function hostIn(host: string | null, protocol = "http:"): URL | undefined {
  if (host === null || !/^(\[[\da-f:.]+\]|[\w.-]+)(:\d{1,5})?$/i.test(host)) return undefined;
  return URL.parse(`${protocol}//${host}`) ?? undefined;
}
