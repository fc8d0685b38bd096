/**
 * A queue whose `shift` takes constant time on average. `shift` of an array
 * moves all items.
 */
export class Deque<T> {
  #items: T[] = [];
  #head = 0;

  /** The number of items. */
  get size(): number {
    return this.#items.length - this.#head;
  }

  /** Adds an item at the end. */
  push(item: T): void {
    this.#items.push(item);
  }

  /** Removes and returns the first item, or returns `undefined`. */
  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined as T;
    // Half of the array is empty: moving the rest is cheap on average.
    if (this.#head * 2 >= this.#items.length) this.#items = this.clear();
    return item;
  }

  /** Removes the first `count` items, or all if there are fewer. */
  drop(count: number): void {
    const end = Math.min(this.#head + count, this.#items.length);
    this.#items.fill(undefined as T, this.#head, end);
    this.#head = end;
    if (this.#head * 2 >= this.#items.length) this.#items = this.clear();
  }

  /** Returns the first `count` items without removing them. */
  first(count: number): T[] {
    return this.#items.slice(this.#head, this.#head + count);
  }

  /** Removes and returns all items. */
  clear(): T[] {
    const items = this.#items.slice(this.#head);
    this.#items = [];
    this.#head = 0;
    return items;
  }
}
