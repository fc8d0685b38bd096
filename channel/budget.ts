/**
 * How many bytes a peer makes this side hold, and how many it may. What a
 * connection holds counts towards its server or container, too. This is the
 * one place that adds and subtracts.
 */
export class Budget {
  /** The most that may be held, in bytes. */
  readonly limit: number;
  readonly #parent: Budget | null;
  #bytes = 0;

  /** Makes an empty one; what it holds counts towards `parent`, if given. */
  constructor(limit: number, parent: Budget | null = null) {
    this.limit = limit;
    this.#parent = parent;
  }

  /** What is held now, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Which budget could not hold `bytes` more within `times` its limit: this
   * one, a parent of it, or `null` for none.
   */
  exceededBy(bytes: number, times = 1): Budget | null {
    if (this.#bytes + bytes > times * this.limit) return this;
    return this.#parent?.exceededBy(bytes, times) ?? null;
  }

  /** Adds `bytes`, whether or not there is room. Give them back once. */
  hold(bytes: number): void {
    this.#bytes += bytes;
    this.#parent?.hold(bytes);
  }

  /** Gives `bytes` back that were held before. */
  release(bytes: number): void {
    this.hold(-bytes);
  }

  /** Gives back all that is held. */
  clear(): void {
    this.release(this.#bytes);
  }
}
