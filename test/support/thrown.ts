/** What a call throws, for tests that look at more of it than its message. */

/** The error of a kind that a call throws; another goes on, and none is an error itself. */
export function thrown<Kind extends Error>(
  kind: abstract new (...args: never[]) => Kind,
  call: () => unknown,
): Kind {
  try {
    call();
  } catch (error) {
    if (error instanceof kind) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
