/** Counts by key. A key whose count is 0 takes no memory. */
export class Tally<K> {
  readonly #counts = new Map<K, number>();

  /** How many there are of `key`. */
  of(key: K): number {
    return this.#counts.get(key) ?? 0;
  }

  /** One more. */
  add(key: K): void {
    this.#counts.set(key, this.of(key) + 1);
  }

  /** One less. */
  remove(key: K): void {
    const count = this.of(key) - 1;
    if (count > 0) this.#counts.set(key, count);
    else this.#counts.delete(key);
  }
}
