/** Samples for who records: on an even grid of frames, each with where the follower was found just before its tick. */
import type { ApiSample } from "../../api/protocol.ts";
import type { SampleReader } from "../../teleop/shared/samples.ts";

/** Who records waits for nothing: what has come in so long is said at once. */
const FLOW_EVERY_MS = 50;
/** How much of its distance from the frame's time a sample moves the grid: the ticks keep one pace, each comes a bit late. */
const FOLLOW_SHARE = 0.02;
/** What was read longer ago was not read in the slack before the tick, in ticks. */
const FRESH_TICKS = 1.5;

/** Gives for each frame the sample of the tick that is nearest to its time. */
export class FrameStream {
  readonly everyMs = FLOW_EVERY_MS;
  readonly isPatient = true;
  readonly #reader: SampleReader;
  readonly #frameUs: number;
  readonly #tickUs: number;
  readonly #end: () => void;
  readonly #alignments: () => number;
  #alignmentsBefore: number;
  /** When the first frame was due, and the number of the next one. */
  #fromUs: number | undefined;
  #next = 0;

  /**
   * `end` is called when nobody reads any more; `alignments` is how often the follower has begun to align: where it need not
   * move for that, as for another one who drives, no tick of it may be among the frames.
   */
  constructor(
    reader: SampleReader,
    perSecond: number,
    rateHz: number,
    end: () => void,
    alignments: () => number,
  ) {
    this.#alignments = alignments;
    this.#alignmentsBefore = alignments();
    this.#reader = reader;
    this.#frameUs = 1e6 / perSecond;
    this.#tickUs = 1e6 / rateHz;
    this.#end = end;
  }

  /** The sample of the next frame; undefined when there is none yet. */
  next(): ApiSample | undefined {
    for (;;) {
      const sample = this.#reader.next(this.#dueUs());
      if (sample === undefined) return undefined;
      this.#fromUs ??= sample.timeUs;
      const frame = Math.floor((sample.timeUs - this.#fromUs + this.#earlyUs) / this.#frameUs);
      const awayUs = sample.timeUs - this.#timeOf(frame);
      // It is no nearer to this frame than to the next, which has a tick of its own.
      if (awayUs > this.#frameUs / 2) continue;
      const isFresh =
        sample.followerUs !== null && sample.timeUs - sample.followerUs < this.#tickUs * FRESH_TICKS;
      // The next tick is of the same frame, and knows better where the follower is.
      if (!isFresh && awayUs + this.#tickUs < this.#frameUs / 2) continue;
      this.#next = frame + 1;
      this.#fromUs += awayUs * FOLLOW_SHARE;
      return { ...sample, ...this.#alignsAnew(), lost: this.#reader.lost, frame };
    }
  }

  /** Loses those that are due, because the client does not read. */
  lose(): void {
    this.#reader.lose();
  }

  /** Nobody reads any more. */
  ended(): void {
    this.#end();
  }

  /** Of the first frame after it has begun to align anew it is said. */
  #alignsAnew(): { state?: "aligning" } {
    const alignments = this.#alignments();
    if (alignments === this.#alignmentsBefore) return {};
    this.#alignmentsBefore = alignments;
    return { state: "aligning" };
  }

  #dueUs(): number {
    if (this.#fromUs === undefined) return Number.NEGATIVE_INFINITY;
    return this.#timeOf(this.#next) - this.#earlyUs;
  }

  /** How much before its time a frame may be: half of what is between two ticks. */
  get #earlyUs(): number {
    return Math.min(this.#tickUs, this.#frameUs) / 2;
  }

  #timeOf(frame: number): number {
    return this.#fromUs! + frame * this.#frameUs;
  }
}
