/**
 * A queue whose `shift` takes the same time however long it is: that of an
 * array moves all items.
 */
export class Deque<T> {
  #items: T[] = [];
  #head = 0;

  /** How many items are in it. */
  get size(): number {
    return this.#items.length - this.#head;
  }

  /** Adds an item at the end. */
  push(item: T): void {
    this.#items.push(item);
  }

  /** Takes the first item out, or returns `undefined`. */
  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined as T;
    // Half of it is empty: moving the rest costs less than what was taken.
    if (this.#head * 2 >= this.#items.length) this.#items = this.clear();
    return item;
  }

  /** Returns the first `count` items, which stay in it. */
  first(count: number): T[] {
    return this.#items.slice(this.#head, this.#head + count);
  }

  /** Takes everything out. */
  clear(): T[] {
    const items = this.#items.slice(this.#head);
    this.#items = [];
    this.#head = 0;
    return items;
  }
}
