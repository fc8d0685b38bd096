/** An item of a {@linkcode Heap}. */
export interface HeapItem {
  /** Its position, set by the heap; -1 if it is in no heap. */
  slot: number;
}

/**
 * A binary heap whose items know their position, so that any can be removed.
 */
export class Heap<T extends HeapItem> {
  readonly #isBefore: (a: T, b: T) => boolean;
  #items: T[] = [];

  /** `isBefore` returns whether `a` comes before `b`. */
  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore;
  }

  /** The number of items. */
  get size(): number {
    return this.#items.length;
  }

  /** The item that comes first. */
  get first(): T | undefined {
    return this.#items[0];
  }

  /** Adds an item that is in no heap. */
  add(item: T): void {
    const { length } = this.#items;
    if (length > 0) return this.#rise(item, length);
    // A first `push` would reserve room for 17 items, and most heaps hold one.
    this.#items = [item];
    item.slot = 0;
  }

  /** Removes an item, if it is in this heap. */
  remove(item: T): void {
    const { slot } = item;
    if (slot < 0) return;
    const last = this.#items.pop()!;
    item.slot = -1;
    if (last === item) return;
    this.#rise(last, slot);
    this.#sink(last, last.slot);
  }

  /**
   * Removes the first item while it `isDue`. Also considers items that are
   * added meanwhile.
   */
  *takeWhile(isDue: (item: T) => boolean): Generator<T> {
    for (;;) {
      const { first } = this;
      if (first === undefined || !isDue(first)) return;
      this.remove(first);
      yield first;
    }
  }

  /** Returns all items, in no particular order. */
  values(): readonly T[] {
    return this.#items;
  }

  /** Removes all items. */
  clear(): void {
    for (const item of this.#items.splice(0)) item.slot = -1;
  }

  #rise(item: T, slot: number): void {
    while (slot > 0) {
      const above = (slot - 1) >> 1;
      if (!this.#isBefore(item, this.#items[above]!)) break;
      this.#put(this.#items[above]!, slot);
      slot = above;
    }
    this.#put(item, slot);
  }

  #sink(item: T, slot: number): void {
    for (;;) {
      let below = 2 * slot + 1;
      if (below >= this.#items.length) break;
      const right = this.#items[below + 1];
      if (right && this.#isBefore(right, this.#items[below]!)) below++;
      if (!this.#isBefore(this.#items[below]!, item)) break;
      this.#put(this.#items[below]!, slot);
      slot = below;
    }
    this.#put(item, slot);
  }

  #put(item: T, slot: number): void {
    this.#items[slot] = item;
    item.slot = slot;
  }
}
