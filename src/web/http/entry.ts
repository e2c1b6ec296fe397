/** What every request must be before anything is done with it: from a page of ours, small, and no more often than a page asks. */
import type { Allowance } from "./allowance.ts";
import { isOwnHost, isOwnOrigin } from "./hosts.ts";
import { refusal } from "./replies.ts";
import type { Asker, Reading, Standing } from "./route.ts";

/** A page sends buttons, answers and files of calibrations; Bun itself takes no longer body. */
export const LONGEST_BODY_BYTES = 65_536;
/** An unclaimed page sends a button or a code. */
const LONGEST_UNCLAIMED_BODY_BYTES = 1_024;

/** What refuses any request, whatever it asks for; undefined where nothing does. */
export function refusedToAll({ method, headers }: Request, names: readonly string[]): Response | undefined {
  if (!isOwnHost(headers.get("host"), names)) {
    return refusal(421, "This machine has no such name: open its address, or NAME.local.");
  }
  if (!["GET", "HEAD", "POST"].includes(method)) return refusal(405, "This is not asked so.");
  return undefined;
}

/** Whether a request comes from a page of ours, as far as a browser says: every browser says it of what changes something. */
export function isFromOwnPage({ method, headers }: Request): boolean {
  const [origin, site] = [headers.get("origin"), headers.get("sec-fetch-site")];
  if (site !== null && site !== "same-origin" && site !== "none") return false;
  if (method === "GET" && origin === null && headers.get("upgrade") === null) return true;
  return isOwnOrigin(origin, headers.get("host"));
}

/** Who asks, as far as that decides what may be asked. */
export interface Who {
  readonly standing: Standing;
  readonly reading: Reading;
  /** The address at the other end. */
  readonly address: string;
  readonly allowance: Allowance;
}

/** What refuses a request of a route to who asks; undefined where nothing does. */
export function refusedBy(
  { method, who }: { readonly method: string; readonly who: Asker },
  request: Request,
  { standing, reading, address, allowance }: Who,
): Response | undefined {
  if (request.method !== method) return refusal(405, `This is asked with ${method}.`, { allow: method });
  if (!isFromOwnPage(request)) return refusal(403, "Only this machine's own page may ask.");
  if (standing === "unclaimed") {
    if (who === "claimed") return refusal(403, "This takes a claimed page: claim it first.");
    const isReader = reading === "everybody" || who === "everybody";
    if (!isReader && !(who === "reader or this machine" && isThisMachine(request, address))) {
      return refusal(403, "Only claimed pages may read here: claim this page first.");
    }
    // What makes an arm stand still is for everybody, always.
    if (who !== "everybody" && !allowance.take(address, performance.now())) {
      return refusal(429, "That is asked too often from there: wait a second.", { "retry-after": "1" });
    }
  }
  return method === "POST" ? refusedBody(request, standing) : undefined;
}

function refusedBody({ headers }: Request, standing: Standing): Response | undefined {
  // Another site's form can send any other type without asking first.
  if (!/^application\/json\s*(;|$)/i.test(headers.get("content-type") ?? "")) {
    return refusal(415, "This is asked in JSON.");
  }
  const length = headers.get("content-length");
  if (length === null) return refusal(411, "How long it is must be said first.");
  const most = standing === "claimed" ? LONGEST_BODY_BYTES : LONGEST_UNCLAIMED_BODY_BYTES;
  return Number(length) <= most ? undefined : refusal(413, `That is more than ${most} bytes.`);
}

/** Whether a program of this machine asks itself: what a proxy hands on says so. */
function isThisMachine({ headers }: Request, address: string): boolean {
  const isHandedOn = ["forwarded", "x-forwarded-for", "via"].some((name) => headers.has(name));
  return !isHandedOn && (address === "::1" || address.startsWith("127."));
}
