/** Work in short steps, so that a program that does other things, too, does them between two. */

/**
 * Takes the steps to their end, and returns what comes of them; between two whatever waits has its turn. Rejects with what
 * a step throws.
 */
export async function inSteps<Result>(steps: Generator<void, Result>): Promise<Result> {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
