/** The upper bound of the first bucket, in milliseconds. */
const LEAST_MS = 0.001;
/** The ratio between the bounds of neighbouring buckets. */
const STEP = 1.02;

/** Counts times in buckets, so that its memory does not grow during a run. */
export class Histogram {
  readonly #buckets: number[] = [];
  #count = 0;

  /** The number of times. */
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

  /** Returns a quantile, accurate to 2 %; `NaN` if there are no times. */
  quantile(share: number): number {
    let left = this.#count * share;
    for (const [index, count] of this.#buckets.entries()) {
      left -= count;
      if (left <= 0 && count > 0) return LEAST_MS * STEP ** (index + 1);
    }
    return NaN;
  }
}
