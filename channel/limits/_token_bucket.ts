/**
 * Lets through so much a second on average, and a burst of that after a pause.
 * Pure: its callers tell it the time.
 */
export class TokenBucket {
  readonly #perMs: number;
  readonly #capacity: number;
  #tokens: number;
  #at = -Infinity;

  /** Allows `perSecond`, of which `limits.rates.burstMs` worth may come at once. */
  constructor(perSecond: number, burstMs: number) {
    this.#perMs = perSecond / 1_000;
    this.#capacity = this.#perMs * burstMs;
    this.#tokens = this.#capacity;
  }

  /** A bucket, or `null` where nothing is bounded. */
  static of(perSecond: number, burstMs: number): TokenBucket | null {
    return perSecond === Infinity ? null : new TokenBucket(perSecond, burstMs);
  }

  /**
   * Takes `amount` at `nowMs`, or returns `false` and takes nothing. What is
   * larger than a whole burst takes that, and is paid for by those after it.
   */
  take(amount: number, nowMs: number): boolean {
    const gained = (nowMs - this.#at) * this.#perMs;
    this.#tokens = Math.min(this.#capacity, this.#tokens + gained);
    this.#at = nowMs;
    if (this.#tokens < Math.min(amount, this.#capacity)) return false;
    this.#tokens -= amount;
    return true;
  }

  /** Gives `amount` back that was taken. */
  giveBack(amount: number): void {
    this.#tokens = Math.min(this.#capacity, this.#tokens + amount);
  }
}
