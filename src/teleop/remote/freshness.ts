/**
 * How late a sample is, without equal clocks: by how much its delay is beyond the least one of late. The two machines'
 * monotonic clocks differ by an amount that nobody knows, and that drifts by less than a millisecond in that time.
 */

/** The least delay is that of the last 10 s, … */
const SPANS = 10;
/** … kept as the least of each second. */
const SPAN_US = 1_000_000;

/** Judges delays. Nothing here allocates after construction. */
export class Freshness {
  readonly #least = new Float64Array(SPANS).fill(Number.POSITIVE_INFINITY);
  #span = Number.NEGATIVE_INFINITY;

  /** Takes in a sample that came at `nowUs` and was sent at `sentUs` of another clock; its delay beyond the least, µs. */
  beyondLeastUs(nowUs: number, sentUs: number): number {
    this.#goTo(Math.floor(nowUs / SPAN_US));
    const delayUs = nowUs - sentUs;
    const at = this.#span % SPANS;
    if (delayUs < this.#least[at]!) this.#least[at] = delayUs;
    let leastUs = delayUs;
    for (let i = 0; i < SPANS; i++) leastUs = Math.min(leastUs, this.#least[i]!);
    return delayUs - leastUs;
  }

  /** Forgets all of it: another leader has another clock. */
  forget(): void {
    this.#least.fill(Number.POSITIVE_INFINITY);
  }

  #goTo(span: number): void {
    const passed = Math.min(span - this.#span, SPANS);
    for (let i = 0; i < passed; i++) this.#least[(span - i) % SPANS] = Number.POSITIVE_INFINITY;
    this.#span = span;
  }
}
