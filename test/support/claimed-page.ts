/** A page that has been claimed before, as one is 29 days long: its cookie and what the server keeps of it. */
import type { BrowserContext } from "playwright-core";
import { Claims } from "../../src/web/access/claims.ts";
import { cookieOf } from "../../src/web/access/cookie.ts";

/** Puts a claim into a folder in which no server has begun to keep claims yet; what gives it to a browser. */
export function claimIn(stateDir: string): {
  /** The header that a program sends. */
  readonly cookie: string;
  give(context: BrowserContext, url: string): Promise<void>;
} {
  const token = new Claims(stateDir).add("a test", Date.now());
  const cookie = cookieOf(token, null).split(";")[0]!;
  const [name, value] = cookie.split("=") as [string, string];
  return { cookie, give: (context, url) => context.addCookies([{ name, value, url }]) };
}
