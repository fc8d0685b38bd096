import { abortable } from "../../channel/internal.ts";
import { world } from "../../transports/internal.ts";

/**
 * Lets callers take turns at work that takes long: the work of one caller is
 * done one after the other, so that many requests of one caller do not keep
 * others waiting.
 */
export class Turns {
  readonly #last = new WeakMap<object, Promise<void>>();

  /**
   * Does `work` after all earlier work of `caller`. Rejects with the reason of
   * `signal` if that aborts before the work begins.
   */
  async run<T>(
    caller: object,
    signal: AbortSignal,
    work: () => T | Promise<T>,
  ): Promise<T> {
    const before = this.#last.get(caller);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last.set(caller, promise);
    try {
      if (before !== undefined) await abortable(before, signal);
      return await work();
    } finally {
      // Others have their turn before the next work of this caller.
      const pass = () => world.defer(resolve);
      if (before === undefined) pass();
      else before.then(pass);
    }
  }
}
