import { MAX_TIMEOUT_MS } from "../channel/_max_timeout.ts";

/** Wakes the one that waits for a change. */
export class Bell {
  #wake: (() => void) | null = null;

  /** Waits until it rings, but no longer than `atMostMs`. */
  async wait(atMostMs: number = Infinity): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = atMostMs < Infinity
      ? setTimeout(resolve, Math.min(atMostMs, MAX_TIMEOUT_MS))
      : undefined;
    try {
      await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Wakes who waits. If nobody does, nothing happens. */
  ring(): void {
    this.#wake?.();
    this.#wake = null;
  }
}
