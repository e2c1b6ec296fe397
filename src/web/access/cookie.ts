/** The cookie in which a claimed page keeps its token. */

const NAME = "so101_claim";
const LASTS_S = 30 * 24 * 3600;

/** Sets it, for a page of this origin. Over https, which a proxy speaks, it is sent by nothing else. */
export function cookieOf(token: string, origin: string | null): string {
  const secure = origin?.startsWith("https:") ? "; Secure" : "";
  return `${NAME}=${token}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${LASTS_S}${secure}`;
}

/** The token in a request's cookies. */
export function tokenIn(cookies: string | null): string | undefined {
  return new Bun.CookieMap(cookies ?? "").get(NAME) ?? undefined;
}
