/** The cookie in which a claimed page keeps its token. */

const NAME = "so101_claim";
const LASTS_S = 30 * 24 * 3600;

/** Sets it. Not Secure: plain http is what there is in a home's network. */
export function cookieOf(token: string): string {
  return `${NAME}=${token}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${LASTS_S}`;
}

/** The token in a request's cookies. */
export function tokenIn(cookies: string | null): string | undefined {
  return new Bun.CookieMap(cookies ?? "").get(NAME) ?? undefined;
}
