import { world, type WorldTimer } from "../../transports/internal.ts";

/**
 * One timer for the earliest of many times: a timer each would cost 2 to 4 µs.
 */
export class Alarm {
  readonly #onRing: () => void;
  #timer: { timer: WorldTimer; at: number } | null = null;
  #isRef = true;

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
   * Makes it ring at `at` by `world.now()`. If it is set for an earlier
   * time it is left: to ring too early costs less than to set it anew.
   */
  set(at: number): void {
    if (this.#timer !== null && this.#timer.at <= at) return;
    this.clear();
    const waitMs = Math.max(0, Math.ceil(at - world.now()));
    const timer = world.setTimer(waitMs, () => {
      this.#timer = null;
      this.#onRing();
    });
    if (!this.#isRef) timer.unref();
    this.#timer = { timer, at };
  }

  /** It does not ring. */
  clear(): void {
    if (this.#timer === null) return;
    this.#timer.timer.stop();
    this.#timer = null;
  }

  /** Keeps the process alive while it is set, as it does at first. */
  ref(): void {
    this.#isRef = true;
    this.#timer?.timer.ref();
  }

  /** Lets the process end although it is set. */
  unref(): void {
    this.#isRef = false;
    this.#timer?.timer.unref();
  }
}
