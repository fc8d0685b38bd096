import { reportToStderr } from "../../channel/report.ts";
import {
  checkDate,
  checkDuration,
  checkTime,
  formatSeconds,
  parseUtc,
} from "./_time.ts";
import { Waits } from "./_wait_queue.ts";
import type { Clock, ClockOptions, ClockTimer, SleepOptions } from "./clock.ts";

/** What an {@linkcode ExternalClock} can be made with. */
export interface ExternalClockOptions extends ClockOptions {
  /**
   * The time at the start, in seconds.
   *
   * @default 0
   */
  readonly initTime?: number;
}

/**
 * A clock that stands still until it is set, as by a simulator.
 *
 * Who waits is woken by {@linkcode ExternalClock.setTime}, and then sees the
 * time that was set, which may be later than the time waited for. A time that
 * is not in the future is an error: nobody would ever wake who waits for it.
 *
 * It keeps no process alive, and need not be closed if nobody waits for it.
 */
export class ExternalClock implements Clock, Disposable {
  readonly #utcStart: number;
  readonly #waits: Waits;
  #time: number;

  /**
   * Makes a clock whose time 0 is the date `utcStart`. A string is an ISO date;
   * `T` may be a space, and without a zone it is UTC.
   *
   * @throws {RangeError} If the date is invalid, or `initTime` is not finite.
   */
  constructor(
    utcStart: Date | string,
    { initTime = 0, onError = reportToStderr }: ExternalClockOptions = {},
  ) {
    this.#utcStart = typeof utcStart === "string"
      ? parseUtc(utcStart)
      : checkDate(utcStart);
    checkTime(initTime);
    this.#time = initTime;
    this.#waits = new Waits({ clock: this, name: "external clock", onError });
  }

  /** The earliest time that is waited for, or `null` if nobody waits. */
  get nextDue(): number | null {
    return this.#waits.nextDue;
  }

  /** How many sleeps and callbacks wait for their time. */
  get waiting(): number {
    return this.#waits.size;
  }

  /** The time that was set last. */
  time(): number {
    return this.#time;
  }

  /** The date that belongs to the time. */
  utcNow(): Date {
    // A time of 0.57 s is a little less than 570 ms in binary.
    return new Date(this.#utcStart + Math.round(this.#time * 1_000));
  }

  /**
   * Sets the time, and wakes all whose time has come: in the order of the
   * times waited for, then of the beginnings of the waits. They run when the
   * caller lets go of the event loop, each as far as its next `await`.
   *
   * @throws {RangeError} If `time` is not later than the present one.
   * @throws {ClockClosedError} If the clock is closed.
   */
  setTime(time: number): void {
    this.#waits.check(() => `set the time to ${formatSeconds(time)}`);
    checkTime(time);
    if (time <= this.#time) {
      throw new RangeError(
        `Cannot set the time to ${time} s: it is ${this.#time} s, and does not go back or stand still, give a later one`,
      );
    }
    this.#time = time;
    this.#waits.wakeUntil(time);
  }

  /**
   * Resolves after so many seconds of this clock.
   *
   * @throws {RangeError} As a rejection, if `seconds` are not finite and
   * positive.
   * @throws {ClockClosedError} As a rejection, if the clock is or gets closed.
   */
  sleep(seconds: number, options: SleepOptions = {}): Promise<void> {
    return this.#waits.sleep(() => this.#dueIn(seconds), options);
  }

  /**
   * Resolves at a time of this clock, or at a date.
   *
   * @throws {RangeError} As a rejection, if `when` is not in the future, or not
   * finite, or invalid.
   * @throws {ClockClosedError} As a rejection, if the clock is or gets closed.
   */
  sleepUntil(when: number | Date, options: SleepOptions = {}): Promise<void> {
    return this.#waits.sleep(() => this.#dueAt(when), options);
  }

  /**
   * Calls `callback` once, after so many seconds of this clock.
   *
   * @throws {RangeError} If `seconds` are not finite and positive.
   * @throws {ClockClosedError} If the clock is closed.
   */
  callIn(seconds: number, callback: () => unknown): ClockTimer {
    return this.#waits.call(this.#dueIn(seconds), callback);
  }

  /**
   * Calls `callback` once, at a time of this clock, or at a date.
   *
   * @throws {RangeError} If `when` is not in the future, or not finite, or
   * invalid.
   * @throws {ClockClosedError} If the clock is closed.
   */
  callAt(when: number | Date, callback: () => unknown): ClockTimer {
    return this.#waits.call(this.#dueAt(when), callback);
  }

  /**
   * Ends all waits: sleeps reject with a {@linkcode ClockClosedError}, and
   * callbacks are dropped. Nobody can wait or set the time from now on; it can
   * still be read. Repeatable.
   */
  close(): void {
    this.#waits.close();
  }

  /** Does what `close` does. */
  [Symbol.dispose](): void {
    this.close();
  }

  #dueIn(seconds: number): number {
    checkDuration(seconds);
    const due = this.#time + seconds;
    // So few seconds may be added that the time stays the same.
    if (due > this.#time) return due;
    throw new RangeError(
      `Cannot wait for ${seconds} s: the clock stands still until it is set, give a longer time`,
    );
  }

  #dueAt(when: number | Date): number {
    const due = typeof when === "number"
      ? when
      : (checkDate(when) - this.#utcStart) / 1_000;
    checkTime(due);
    if (due > this.#time) return due;
    const wanted = typeof when === "number" ? `${due} s` : when.toISOString();
    throw new RangeError(
      `Cannot wait until ${wanted}: that is not in the future, it is ${this.#time} s (${this.utcNow().toISOString()})`,
    );
  }
}
