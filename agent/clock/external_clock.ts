import { checkDate, checkFinite, formatSeconds, parseUtc } from "./_time.ts";
import { BaseClock, type ClockOptions } from "./base_clock.ts";

/** Options for {@linkcode ExternalClock}. */
export interface ExternalClockOptions extends ClockOptions {
  /**
   * The time at the start, in seconds.
   *
   * @default {0}
   */
  readonly initTime?: number | undefined;
}

/**
 * Sets the time of a clock without waking its waits until {@linkcode wake}, so
 * that clocks of several processes get the same time before code of any of them
 * runs.
 */
export let setWithoutWaking: (clock: ExternalClock, time: number) => void;

/** Wakes all due waits of a clock. */
export let wake: (clock: ExternalClock) => void;

/**
 * A clock that stands still until it is set, for example by a simulator.
 *
 * {@linkcode ExternalClock.setTime} wakes all waits that are due. They see the
 * time that was set, which may be later than their due time. A wait for a time
 * that is not in the future is refused, since nothing would ever end it.
 *
 * This clock does not keep the process alive, and need not be closed if nothing
 * waits for it.
 */
export class ExternalClock extends BaseClock {
  static {
    setWithoutWaking = (clock, time) => clock.#set(time);
    wake = (clock) => clock.wakeUntil(clock.#time);
  }

  readonly #utcStart: number;
  #time: number;

  /**
   * Creates a clock whose time 0 is the date `utcStart`. A string is read as an
   * ISO date; a space may stand for the `T`, and a date without a zone is UTC.
   *
   * @throws {RangeError} If the date is invalid, or `initTime` is not finite.
   */
  constructor(
    utcStart: Date | string,
    { initTime = 0, ...options }: ExternalClockOptions = {},
  ) {
    const startMs = typeof utcStart === "string"
      ? parseUtc(utcStart)
      : checkDate(utcStart);
    checkFinite("use the time", initTime);
    super("external clock", options);
    this.#utcStart = startMs;
    this.#time = initTime;
  }

  /** Returns the time that was set last. */
  override time(): number {
    return this.#time;
  }

  /** Returns the date of the present time. */
  override utcNow(): Date {
    // In floating point, 0.57 s is slightly less than 570 ms.
    return new Date(this.#utcStart + Math.round(this.#time * 1_000));
  }

  /**
   * Sets the time, and wakes all waits that are due, by due time and then in
   * the order in which they began. The woken code runs once the caller awaits
   * or returns, each piece up to its next `await`.
   *
   * @throws {RangeError} If `time` is not later than the present time.
   * @throws {ClockClosedError} If the clock is closed.
   */
  setTime(time: number): void {
    this.#set(time);
    this.wakeUntil(time);
  }

  #set(time: number): void {
    this.checkOpen(`set the time to ${formatSeconds(time)}`);
    checkFinite("use the time", time);
    if (time <= this.#time) {
      throw new RangeError(
        `Cannot set the time to ${time} s: it is ${this.#time} s already, give a later time`,
      );
    }
    this.#time = time;
  }

  /** Returns the time that is `seconds` from now. */
  protected override dueIn(seconds: number): number {
    const due = super.dueIn(seconds);
    // A very short duration may not change the floating-point time.
    if (due > this.#time) return due;
    throw new RangeError(
      `Cannot wait for ${seconds} s: the clock stands still until it is set, give a longer time`,
    );
  }

  /** Returns the time of this clock that `when` stands for. */
  protected override dueAt(when: number | Date): number {
    const due = typeof when === "number"
      ? when
      : (checkDate(when) - this.#utcStart) / 1_000;
    checkFinite("use the time", due);
    if (due > this.#time) return due;
    const wanted = typeof when === "number" ? `${due} s` : when.toISOString();
    throw new RangeError(
      `Cannot wait until ${wanted}: it is not in the future, now is ${this.#time} s (${this.utcNow().toISOString()})`,
    );
  }
}
