/** Passes items by key, first in, first out, to takers before or after them. */
export class Mailbox<T> {
  readonly #items = new Map<string, T[]>();
  readonly #takers = new Map<string, ((item: T) => void)[]>();

  /** Gives an item to the first taker of `key`, or keeps it for the next one. */
  post(key: string, item: T): void {
    const taker = shift(this.#takers, key);
    if (taker !== undefined) taker(item);
    else push(this.#items, key, item);
  }

  /** Resolves to the next item for `key`. */
  take(key: string): Promise<T> {
    const item = shift(this.#items, key);
    if (item !== undefined) return Promise.resolve(item);
    return new Promise((resolve) => push(this.#takers, key, resolve));
  }

  /** Gives `item` to all takers, and returns the items that no one has taken. */
  clear(item: T): T[] {
    for (const takers of this.#takers.values()) {
      takers.forEach((it) => it(item));
    }
    this.#takers.clear();
    const left = [...this.#items.values()].flat();
    this.#items.clear();
    return left;
  }
}

function push<T>(map: Map<string, T[]>, key: string, item: T): void {
  const items = map.get(key);
  if (items === undefined) map.set(key, [item]);
  else items.push(item);
}

function shift<T>(map: Map<string, T[]>, key: string): T | undefined {
  const items = map.get(key);
  const item = items?.shift();
  if (items?.length === 0) map.delete(key);
  return item;
}
