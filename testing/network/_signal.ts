import { Timer } from "../../transports/timer.ts";

/** Wakes the one that waits for a change. */
export class Bell {
  #wake: (() => void) | null = null;

  /** Waits until it rings, but no longer than `atMostMs`. */
  async wait(atMostMs: number = Infinity): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = new Timer(atMostMs, resolve);
    try {
      await promise;
    } finally {
      timer.stop();
    }
  }

  /** Wakes who waits. If nobody does, nothing happens. */
  ring(): void {
    this.#wake?.();
    this.#wake = null;
  }
}
