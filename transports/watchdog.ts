import { world, type WorldTimer } from "./_world.ts";

/** The number of parts of a wait for a peer, each of which may be repeated. */
export const PATIENT_PARTS = 8;

/** The delay of the end of a part that shows that this process was busy. */
const LATE_MS = 100;

/** Returns whether this process was too busy to end a part at `dueAt`. */
export function wasBusy(dueAt: number): boolean {
  return world.now() - dueAt > LATE_MS;
}

/**
 * A timer for the silence of a peer. Time in which this process was too busy to
 * hear the peer does not count: the wait is divided into parts, and a part that
 * ends late is repeated. So this process was able to listen just before the
 * timer fires.
 *
 * With `Infinity` it never fires. It does not keep the process alive.
 */
export class Watchdog {
  readonly #partMs: number;
  readonly #onTime: () => void;
  #partsLeft = PATIENT_PARTS;
  #timer: WorldTimer | null = null;

  /** Calls `onTime` once after `timeMs`, unless it is stopped before. */
  constructor(timeMs: number, onTime: () => void) {
    // A timer would drop the fraction of a millisecond in each part.
    this.#partMs = Math.ceil(timeMs / PATIENT_PARTS);
    this.#onTime = onTime;
    this.#arm();
  }

  /** Stops the timer. Repeatable. */
  stop(): void {
    this.#timer?.stop();
    this.#timer = null;
  }

  #arm(): void {
    const due = world.now() + this.#partMs;
    this.#timer = world.setTimer(this.#partMs, () => {
      this.#timer = null;
      if (!wasBusy(due)) this.#partsLeft--;
      if (this.#partsLeft > 0) this.#arm();
      else this.#onTime();
    });
    this.#timer.unref();
  }
}
