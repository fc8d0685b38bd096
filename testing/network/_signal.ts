import { world } from "../../transports/internal.ts";

/** Wakes one waiter when something has changed. */
export class Signal {
  #wake: (() => void) | null = null;

  /** Waits for {@linkcode notify}, but no longer than `atMostMs`. */
  async wait(atMostMs: number = Infinity): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = world.setTimer(atMostMs, resolve);
    try {
      await promise;
    } finally {
      timer.stop();
    }
  }

  /** Wakes the waiter, if there is one. */
  notify(): void {
    this.#wake?.();
    this.#wake = null;
  }
}
