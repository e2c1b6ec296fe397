/** Several things in one sentence. */

/** `a`, `a and b`, `a, b and c`. */
export function list(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** `a`, `a or b`, `a, b or c`; with a comma before the last, for clauses: `a, or b`. */
export function alternatives(clauses: readonly string[]): string {
  return clauses.length < 2 ? clauses.join("") : `${clauses.slice(0, -1).join(", ")}, or ${clauses.at(-1)}`;
}
