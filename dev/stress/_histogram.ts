/** The shortest time that is told apart, in milliseconds. */
const LEAST_MS = 0.001;
/** A bucket ends so much above its beginning. */
const STEP = 1.02;

/** Times in buckets, so that a long run takes no more memory than a short one. */
export class Histogram {
  readonly #buckets: number[] = [];
  #count = 0;

  /** How many times were added. */
  get count(): number {
    return this.#count;
  }

  /** Adds a time in milliseconds. */
  add(ms: number): void {
    const exact = Math.log(Math.max(1, ms / LEAST_MS)) / Math.log(STEP);
    const index = Math.floor(exact);
    while (this.#buckets.length <= index) this.#buckets.push(0);
    this.#buckets[index]!++;
    this.#count++;
  }

  /** What a share of the times did not exceed, to 2 %; `NaN` without any. */
  quantile(share: number): number {
    let left = this.#count * share;
    for (const [index, count] of this.#buckets.entries()) {
      left -= count;
      if (left <= 0 && count > 0) return LEAST_MS * STEP ** (index + 1);
    }
    return NaN;
  }
}
