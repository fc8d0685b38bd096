import { world, type WorldTimer } from "./_world.ts";

/** Into so many parts a wait is divided. */
const PARTS = 8;

/** A part that ends so much too late shows that this process was busy. */
const LATE_MS = 100;

/**
 * A timer to judge a peer by. Time in which this process was too busy to hear
 * the peer does not count: the wait is divided into parts, and a part that ends
 * late is waited for again. So when the time is over, this process has just
 * been able to listen.
 *
 * `Infinity` never fires. It never keeps the process alive.
 */
export class Watchdog {
  readonly #partMs: number;
  readonly #onTime: () => void;
  #partsLeft = PARTS;
  #timer: WorldTimer | null = null;

  /** Calls `onTime` once after `timeMs`, unless it is stopped before. */
  constructor(timeMs: number, onTime: () => void) {
    // Whole milliseconds: a timer drops what is beyond them, in each part.
    this.#partMs = Math.ceil(timeMs / PARTS);
    this.#onTime = onTime;
    this.#arm();
  }

  /** Stops it. Repeatable. */
  stop(): void {
    this.#timer?.stop();
    this.#timer = null;
  }

  #arm(): void {
    const due = world.now() + this.#partMs;
    this.#timer = world.setTimer(this.#partMs, () => {
      this.#timer = null;
      if (world.now() - due <= LATE_MS) this.#partsLeft--;
      if (this.#partsLeft > 0) this.#arm();
      else this.#onTime();
    });
    this.#timer.unref();
  }
}
