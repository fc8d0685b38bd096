import type { OnError } from "../../channel/report.ts";

/** What a sleep can be given. */
export interface SleepOptions {
  /** Ends the sleep: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What every clock can be made with. */
export interface ClockOptions {
  /**
   * Hears of callbacks that throw or reject; the clock goes on.
   *
   * @default One line on stderr.
   */
  readonly onError?: OnError;
}

/** A callback that waits for its time. */
export interface ClockTimer extends Disposable {
  /** Lets the callback never run, unless it has. Repeatable. */
  cancel(): void;
  /** Does what `cancel` does. */
  [Symbol.dispose](): void;
}

/**
 * A clock by which agents live: the computer's, or one that is set from
 * outside, as in a simulation. Times and durations are in seconds.
 *
 * Who waits is woken in the order of the times waited for; for the same time,
 * in the order in which the waits began. At that moment `time()` may be later
 * than the time waited for, and never earlier. No wait ends before the call
 * that began it, or woke it, has returned.
 *
 * `NaN`, the infinities and invalid dates are refused. Whether a time may be
 * one that is past is for each clock to say.
 */
export interface Clock {
  /**
   * The time in seconds. It never goes back; what it is at the start is for
   * each clock to say.
   */
  time(): number;
  /** The date, to the millisecond. A `Date` is an instant: it has no zone. */
  utcNow(): Date;
  /**
   * Resolves after so many seconds.
   *
   * @throws {RangeError} As a rejection, if the clock refuses the duration.
   */
  sleep(seconds: number, options?: SleepOptions): Promise<void>;
  /**
   * Resolves at a time of this clock, or at a date.
   *
   * @throws {RangeError} As a rejection, if the clock refuses the time.
   */
  sleepUntil(when: number | Date, options?: SleepOptions): Promise<void>;
  /**
   * Calls `callback` once, after so many seconds. If it throws or rejects, that
   * is reported.
   *
   * @throws {RangeError} If the clock refuses the duration.
   */
  callIn(seconds: number, callback: () => unknown): ClockTimer;
  /**
   * Calls `callback` once, at a time of this clock, or at a date. If it throws
   * or rejects, that is reported.
   *
   * @throws {RangeError} If the clock refuses the time.
   */
  callAt(when: number | Date, callback: () => unknown): ClockTimer;
}
