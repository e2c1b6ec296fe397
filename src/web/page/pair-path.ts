/** Where a pair's requests go. */

/** The path of a request about a pair, or about the machine where there is none. */
export function pathOf(pair: string | null | undefined, path: string): string {
  return pair === null || pair === undefined ? `/${path}` : `/pairs/${encodeURIComponent(pair)}/${path}`;
}
