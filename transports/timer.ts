import { world, type WorldTimer } from "./_world.ts";

/**
 * A timer for waits of any length. `Infinity` never fires and does not keep
 * the process alive.
 */
export class Timer implements WorldTimer {
  readonly #timer: WorldTimer;

  /** Calls `onTime` once after `timeMs`, unless it is stopped before. */
  constructor(timeMs: number, onTime: () => void) {
    this.#timer = world.setTimer(timeMs, onTime);
  }

  /** Stops the timer. Repeatable. */
  stop(): void {
    this.#timer.stop();
  }

  /** Keeps the process alive while the timer runs, as it does at first. */
  ref(): void {
    this.#timer.ref();
  }

  /** Lets the process end although the timer runs. */
  unref(): void {
    this.#timer.unref();
  }
}
