/** Hands on items by key, first in, first out, whichever side comes first. */
export class Mailbox<T> {
  readonly #items = new Map<string, T[]>();
  readonly #takers = new Map<string, ((item: T) => void)[]>();

  /** Gives an item to who waits for `key`, or to who will. */
  post(key: string, item: T): void {
    const taker = shift(this.#takers, key);
    if (taker !== undefined) taker(item);
    else push(this.#items, key, item);
  }

  /** The next item for `key`. */
  take(key: string): Promise<T> {
    const item = shift(this.#items, key);
    if (item !== undefined) return Promise.resolve(item);
    return new Promise((resolve) => push(this.#takers, key, resolve));
  }

  /** Gives `item` to all who wait, and returns what nobody has taken. */
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
