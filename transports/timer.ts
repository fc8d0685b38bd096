/**
 * The longest wait that `setTimeout` can hold, in milliseconds. A longer one
 * makes it fire at once.
 */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * A timer for waits of any length. `Infinity` never fires, and does not keep
 * the process alive.
 */
export class Timer {
  readonly #onTime: () => void;
  #id: ReturnType<typeof setTimeout> | null = null;
  #isRef = true;

  /** Calls `onTime` once after `timeMs`, unless it is stopped before. */
  constructor(timeMs: number, onTime: () => void) {
    this.#onTime = onTime;
    if (timeMs !== Infinity) this.#arm(timeMs);
  }

  /** Stops the timer. Repeatable. */
  stop(): void {
    if (this.#id !== null) clearTimeout(this.#id);
    this.#id = null;
  }

  /** Keeps the process alive while the timer runs, as it does at first. */
  ref(): void {
    this.#isRef = true;
    this.#id?.ref?.();
  }

  /** Lets the process end although the timer runs. */
  unref(): void {
    this.#isRef = false;
    // In a browser, and with a fake clock, a timer is a number.
    this.#id?.unref?.();
  }

  #arm(leftMs: number): void {
    const waitMs = Math.min(leftMs, LONGEST_MS);
    this.#id = setTimeout(() => {
      this.#id = null;
      if (leftMs > waitMs) this.#arm(leftMs - waitMs);
      else this.#onTime();
    }, waitMs);
    if (!this.#isRef) this.unref();
  }
}
