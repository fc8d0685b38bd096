import { abortable } from "../../channel/internal.ts";
import { world } from "../../transports/internal.ts";

/**
 * Lets callers take turns at slow work. The work of each caller runs one piece
 * at a time, so that many requests of one caller do not delay the others.
 */
export class Turns {
  readonly #last = new WeakMap<object, Promise<void>>();

  /**
   * Runs `work` after all earlier work of `caller`. Rejects with the reason of
   * `signal` if the signal aborts before the work begins.
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
      // Let other callers go before the next work of this caller.
      const pass = () => world.defer(resolve);
      if (before === undefined) pass();
      else before.then(pass);
    }
  }
}
