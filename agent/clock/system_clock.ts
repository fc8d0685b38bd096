import { world, type WorldTimer } from "../../transports/internal.ts";
import { checkDate, checkFinite } from "./_time.ts";
import { BaseClock, type ClockOptions } from "./base_clock.ts";

/**
 * The computer's clock.
 *
 * Its time starts with the process (or its Worker), is the same for all system
 * clocks there, and advances evenly even if the computer's date changes. A date
 * is converted into a time once, when the wait begins.
 *
 * A time in the past is not an error, since real time passes while a program
 * runs: the wait ends in a later turn of the event loop. So a program that was
 * too busy is late, but does not fail. Only durations and times that are not
 * finite, and invalid dates, are refused.
 *
 * A wait keeps the process alive. All waits of a clock share one system timer,
 * so 100,000 waits are fine, and a wait may have any length.
 */
export class SystemClock extends BaseClock {
  #timer: WorldTimer | null = null;
  #timerDue = Infinity;

  /** Creates a clock. */
  constructor(options: ClockOptions = {}) {
    super("system clock", options);
  }

  /** Returns the seconds since the process, or its Worker, started. */
  override time(): number {
    return world.now() / 1_000;
  }

  /** Returns the computer's date. */
  override utcNow(): Date {
    return new Date(world.wallNow());
  }

  /** Returns the time of this clock that `when` stands for. */
  protected override dueAt(when: number | Date): number {
    if (typeof when !== "number") {
      return this.time() + (checkDate(when) - world.wallNow()) / 1_000;
    }
    checkFinite("use the time", when);
    return when;
  }

  /** Sets the system timer for the earliest due time. */
  protected override onWaitsChanged(): void {
    const due = this.nextDue ?? Infinity;
    // A timer that fires too early costs less than resetting it.
    if (due !== Infinity && this.#timerDue <= due) return this.#updateRef();
    this.#timer?.stop();
    this.#timer = null;
    this.#timerDue = due;
    if (due === Infinity) return;
    const waitMs = Math.max(0, Math.ceil((due - this.time()) * 1_000));
    this.#timer = world.setTimer(waitMs, () => {
      this.#timerDue = Infinity;
      this.wakeUntil(this.time());
      this.onWaitsChanged();
    });
    this.#updateRef();
  }

  #updateRef(): void {
    if (this.keepsAlive) this.#timer?.ref();
    else this.#timer?.unref();
  }
}
