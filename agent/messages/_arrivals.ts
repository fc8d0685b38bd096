import { abortable } from "../../channel/internal.ts";

/** Collects the items of several sources, in the order of arrival. */
export class Arrivals<T> {
  #items: T[] = [];
  #sources = 0;
  #changed = Promise.withResolvers<void>();

  /**
   * Adds a source. It passes its items to `push`, and ends when its promise
   * resolves.
   */
  add(source: (push: (item: T) => void) => Promise<void>): void {
    this.#sources++;
    const push = (item: T) => {
      this.#items.push(item);
      this.#changed.resolve();
    };
    source(push).finally(() => {
      this.#sources--;
      this.#changed.resolve();
    });
  }

  /** Yields all items, until every source has ended or `signal` aborts. */
  async *all(signal: AbortSignal): AsyncGenerator<T, void> {
    for (;;) {
      const items = this.#items;
      this.#items = [];
      yield* items;
      if (this.#items.length > 0) continue;
      if (this.#sources === 0) return;
      this.#changed = Promise.withResolvers();
      await abortable(this.#changed.promise, signal);
    }
  }
}
