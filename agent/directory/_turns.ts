/**
 * Lets callers take turns at work that takes long: that of one caller is done
 * one after the other, so that many demands of one do not keep others waiting.
 */
export class Turns {
  readonly #last = new WeakMap<object, Promise<void>>();

  /** Does `work` when all earlier work of `caller` is done. */
  async run<T>(caller: object, work: () => T | Promise<T>): Promise<T> {
    const before = this.#last.get(caller);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last.set(caller, promise);
    try {
      if (before !== undefined) await before;
      return await work();
    } finally {
      // Others have their turn before the next work of this caller.
      setImmediate(resolve);
    }
  }
}

/** Lets others have their turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
