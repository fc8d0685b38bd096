import type { OnError } from "../../channel/report.ts";

/** Options of a sleep. */
export interface SleepOptions {
  /** Ends the sleep: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Options that every clock takes. */
export interface ClockOptions {
  /**
   * Hears of callbacks that throw or reject; the clock goes on.
   *
   * @default {one line on stderr}
   */
  readonly onError?: OnError | undefined;
}

/** A callback that waits for its time. */
export interface ClockTimer extends Disposable {
  /** Cancels the callback if it has not run yet. Repeatable. */
  cancel(): void;
  /** Cancels the callback. */
  [Symbol.dispose](): void;
}

/**
 * The clock of agents: the computer's, or one that is set from outside, as in a
 * simulation. Times and durations are in seconds.
 *
 * Waits end in the order of their due times, and those with the same due time
 * in the order in which they began. At that moment `time()` is the due time or
 * later, never earlier. No wait ends before the call that began it, or the one
 * that woke it, has returned.
 *
 * `NaN`, the infinities and invalid dates are refused. Each clock decides
 * whether a time in the past is an error.
 */
export interface Clock {
  /**
   * Returns the time in seconds. It never goes back; its first value depends on
   * the clock.
   */
  time(): number;
  /** Returns the date, to the millisecond. */
  utcNow(): Date;
  /**
   * Resolves after `seconds`.
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
   * Calls `callback` once, after `seconds`. If it throws or rejects, the error
   * is reported.
   *
   * @throws {RangeError} If the clock refuses the duration.
   */
  callIn(seconds: number, callback: () => unknown): ClockTimer;
  /**
   * Calls `callback` once, at a time of this clock or at a date. If it throws
   * or rejects, the error is reported.
   *
   * @throws {RangeError} If the clock refuses the time.
   */
  callAt(when: number | Date, callback: () => unknown): ClockTimer;
}
