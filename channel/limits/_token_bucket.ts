import { world } from "../../transports/internal.ts";

/** Allows a number of tokens per second on average, and a burst after a pause. */
export class TokenBucket {
  readonly #perMs: number;
  readonly #capacity: number;
  #tokens: number;
  #at = -Infinity;

  /**
   * Allows `perSecond` tokens per second. The tokens of `burstMs` may be taken
   * at once. `Infinity` allows everything.
   */
  constructor(perSecond: number, burstMs: number) {
    this.#perMs = perSecond / 1_000;
    this.#capacity = this.#perMs * burstMs;
    this.#tokens = this.#capacity;
  }

  /**
   * Takes `amount`, or returns `false` and takes nothing. An amount larger than
   * a whole burst takes the full bucket, and the rest from later tokens.
   * `nowMs` is for tests. Does not read the time if everything is allowed.
   */
  take(amount: number, nowMs?: number): boolean {
    if (this.#perMs === Infinity) return true;
    const now = nowMs ?? world.now();
    const gained = (now - this.#at) * this.#perMs;
    this.#tokens = Math.min(this.#capacity, this.#tokens + gained);
    this.#at = now;
    if (this.#tokens < Math.min(amount, this.#capacity)) return false;
    this.#tokens -= amount;
    return true;
  }

  /** Gives back `amount` that was taken before. */
  giveBack(amount: number): void {
    this.#tokens = Math.min(this.#capacity, this.#tokens + amount);
  }
}

/** Returns a new bucket, or the shared one if everything is allowed. */
export function bucketOf(perSecond: number, burstMs: number): TokenBucket {
  return perSecond === Infinity
    ? UNBOUNDED
    : new TokenBucket(perSecond, burstMs);
}

/** Allows everything; keeps no state. */
export const UNBOUNDED: TokenBucket = new TokenBucket(Infinity, 1_000);
