/** Whether a person has moved the leader: an arm that sinks by itself, or is pushed a little now and then, was not. */
import { MotionDetector } from "../../arm/motion-detector.ts";
import type { Steps } from "../../feetech/units.ts";

/** A hand moves it that far within so long; what was before says nothing. */
const WITHIN_US = 10_000_000;

/** Watches one leader. Times are µs of one clock. */
export class MovedLately {
  readonly #movedDeg: number | undefined;
  /** Those that began within twice that time, the oldest first: any motion that is so short is seen whole by one. */
  #watches: readonly { readonly fromUs: number; readonly detector: MotionDetector<"leader"> }[] = [];

  /** It was moved when a joint was turned by so much; by what {@link MotionDetector} says, if left out. */
  constructor(movedDeg?: number) {
    this.#movedDeg = movedDeg;
  }

  /** Takes in where its joints are, in steps, in their order. */
  see(nowUs: number, positions: readonly Steps[]): void {
    const newest = this.#watches.at(-1);
    if (newest === undefined || nowUs - newest.fromUs >= WITHIN_US) {
      const next = { fromUs: nowUs, detector: new MotionDetector<"leader">(this.#movedDeg) };
      this.#watches = newest === undefined ? [next] : [newest, next];
    }
    for (const { detector } of this.#watches) detector.see("leader", positions);
  }

  /** It went away: where it comes back it may stand elsewhere. */
  forget(): void {
    this.#watches = [];
  }

  /** Whether it was moved. */
  get isMoved(): boolean {
    return this.#watches.some(({ detector }) => detector.moved !== undefined);
  }
}
