/** What happens while somebody waits for it, in the order in which it came. */

/** Takes in what happens, and gives it to who asks for the next. */
export class Inbox<Happening> {
  readonly #waiting: Happening[] = [];
  #wake: (() => void) | undefined;

  /** Takes something in. */
  put(happening: Happening): void {
    this.#waiting.push(happening);
    this.#wake?.();
  }

  /** The next thing that has happened, or happens until `untilMs` of performance.now(); undefined when nothing has. */
  async next(untilMs: number): Promise<Happening | undefined> {
    if (this.#waiting.length === 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.max(0, untilMs - performance.now()));
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
    return this.#waiting.shift();
  }
}
