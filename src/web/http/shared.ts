/** One answer for all who ask at about the same time: many pages make no more work than one. */

/**
 * What `ask` answers, to everybody who calls this while it is asked and for `freshMs` after. An error is shared in the
 * same way.
 */
export function shared<Answer>(freshMs: number, ask: () => Promise<Answer>): () => Promise<Answer> {
  let newest: Promise<Answer> | undefined;
  let staleAtMs = 0;
  return () => {
    if (newest === undefined || performance.now() >= staleAtMs) {
      staleAtMs = Number.POSITIVE_INFINITY;
      const answered = () => {
        staleAtMs = performance.now() + freshMs;
      };
      newest = ask();
      newest.then(answered, answered);
    }
    return newest;
  };
}
