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

/** `ask`, whose answer to the same question is kept for `freshMs`: to another question it is asked anew. */
export function seldom<Question extends readonly unknown[], Answer>(
  freshMs: number,
  ask: (...question: Question) => Promise<Answer>,
): (...question: Question) => Promise<Answer> {
  let [known, answer]: [string | undefined, (() => Promise<Answer>) | undefined] = [undefined, undefined];
  return (...question) => {
    const now = JSON.stringify(question);
    if (answer === undefined || now !== known) answer = shared(freshMs, () => ask(...question));
    known = now;
    return answer();
  };
}
