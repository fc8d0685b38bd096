import { Alarm } from "../../channel/timers/_alarm.ts";
import { reportToStderr } from "../../channel/report.ts";
import { checkDate, checkDuration, checkTime } from "./_time.ts";
import { Waits } from "./_wait_queue.ts";
import type { Clock, ClockOptions, ClockTimer, SleepOptions } from "./clock.ts";

/**
 * The computer's clock.
 *
 * Its time began with the process (or its Worker), is the same on all system
 * clocks there, and passes evenly whatever happens to the computer's date. A
 * date is turned into a time once, when the wait begins.
 *
 * A time that is past is no error, since real time passes while a program
 * runs: who waits for it is woken in a later turn of the event loop. So a
 * program that was busy for too long is late, and does not fail.
 *
 * As long as someone waits, the process is kept alive. All waits of a clock
 * share one timer of the system, so 100,000 of them are fine, and there is no
 * limit to how long they are.
 */
export class SystemClock implements Clock, Disposable {
  readonly #waits: Waits;
  readonly #alarm = new Alarm(() => this.#ring());

  /** Makes a clock, for which nobody waits. */
  constructor({ onError = reportToStderr }: ClockOptions = {}) {
    this.#waits = new Waits({
      clock: this,
      name: "system clock",
      onError,
      onChange: () => this.#arm(),
    });
  }

  /** The earliest time that is waited for, or `null` if nobody waits. */
  get nextDue(): number | null {
    return this.#waits.nextDue;
  }

  /** How many sleeps and callbacks wait for their time. */
  get waiting(): number {
    return this.#waits.size;
  }

  /** Seconds since the process, or its Worker, began. */
  time(): number {
    return performance.now() / 1_000;
  }

  /** The computer's date. */
  utcNow(): Date {
    return new Date(Date.now());
  }

  /**
   * Resolves after so many seconds; for 0 and less, in a later turn of the
   * event loop.
   *
   * @throws {RangeError} As a rejection, if `seconds` are not finite.
   * @throws {ClockClosedError} As a rejection, if the clock is or gets closed.
   */
  sleep(seconds: number, options: SleepOptions = {}): Promise<void> {
    return this.#waits.sleep(() => this.#dueIn(seconds), options);
  }

  /**
   * Resolves at a time of this clock, or at a date; if that is past, in a later
   * turn of the event loop.
   *
   * @throws {RangeError} As a rejection, if `when` is not finite, or invalid.
   * @throws {ClockClosedError} As a rejection, if the clock is or gets closed.
   */
  sleepUntil(when: number | Date, options: SleepOptions = {}): Promise<void> {
    return this.#waits.sleep(() => this.#dueAt(when), options);
  }

  /**
   * Calls `callback` once, after so many seconds.
   *
   * @throws {RangeError} If `seconds` are not finite.
   * @throws {ClockClosedError} If the clock is closed.
   */
  callIn(seconds: number, callback: () => unknown): ClockTimer {
    return this.#waits.call(this.#dueIn(seconds), callback);
  }

  /**
   * Calls `callback` once, at a time of this clock, or at a date.
   *
   * @throws {RangeError} If `when` is not finite, or invalid.
   * @throws {ClockClosedError} If the clock is closed.
   */
  callAt(when: number | Date, callback: () => unknown): ClockTimer {
    return this.#waits.call(this.#dueAt(when), callback);
  }

  /**
   * Ends all waits: sleeps reject with a {@linkcode ClockClosedError}, and
   * callbacks are dropped. Nobody can wait from now on; the time can still be
   * read. Repeatable.
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
    return this.time() + seconds;
  }

  #dueAt(when: number | Date): number {
    if (typeof when !== "number") {
      return this.time() + (checkDate(when) - Date.now()) / 1_000;
    }
    checkTime(when);
    return when;
  }

  #arm(): void {
    const { nextDue } = this.#waits;
    if (nextDue === null) this.#alarm.clear();
    else this.#alarm.set(nextDue * 1_000);
  }

  #ring(): void {
    this.#waits.wakeUntil(this.time());
    this.#arm();
  }
}
