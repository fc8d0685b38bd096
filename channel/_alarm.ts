import { MAX_TIMEOUT_MS } from "./_max_timeout.ts";

/**
 * One timer for the earliest of many times: a timer each would cost 2 to 4 µs.
 */
export class Alarm {
  readonly #onRing: () => void;
  #timer: { id: ReturnType<typeof setTimeout>; at: number } | null = null;

  /**
   * Calls `onRing` once it rings, and is no longer set then. It may ring
   * before its time: what then is not due sets it again.
   */
  constructor(onRing: () => void) {
    this.#onRing = onRing;
  }

  /** Whether it is going to ring. */
  get isSet(): boolean {
    return this.#timer !== null;
  }

  /**
   * Makes it ring at `at` by `performance.now()`. If it is set for an earlier
   * time it is left: to ring too early costs less than to set it anew.
   */
  set(at: number): void {
    if (this.#timer !== null && this.#timer.at <= at) return;
    this.clear();
    const waitMs = Math.ceil(at - performance.now());
    const id = setTimeout(() => {
      this.#timer = null;
      this.#onRing();
    }, Math.min(Math.max(waitMs, 0), MAX_TIMEOUT_MS));
    this.#timer = { id, at };
  }

  /** It does not ring. */
  clear(): void {
    if (this.#timer === null) return;
    clearTimeout(this.#timer.id);
    this.#timer = null;
  }
}
