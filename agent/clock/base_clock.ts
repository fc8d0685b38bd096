import { Heap } from "../../channel/internal.ts";
import { guardedOnError, type OnError } from "../../channel/report.ts";
import { AbortListeners } from "../../channel/timers/abort_listeners.ts";
import { observed } from "../../transports/internal.ts";
import { ClockClosedError } from "../errors.ts";
import { checkFinite, formatSeconds } from "./_time.ts";
import { Wait } from "./_wait.ts";

/** Options of a sleep. */
export interface SleepOptions {
  /** Ends the sleep: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** The options of every clock. */
export interface ClockOptions {
  /**
   * Called with the errors of callbacks that throw or reject. The clock
   * continues.
   *
   * @default {one line on stderr}
   */
  readonly onError?: OnError | undefined;
}

/** A scheduled callback. */
export interface ClockTimer extends Disposable {
  /** Cancels the callback if it has not run yet. Repeatable. */
  cancel(): void;
  /** Cancels the callback. */
  [Symbol.dispose](): void;
}

/**
 * The clock of agents: the computer's clock, or one that is set from outside,
 * as in a simulation. Times and durations are in seconds.
 *
 * Waits end in the order of their due times; waits with the same due time end
 * in the order in which they began. When a wait ends, `time()` is at or after
 * its due time, never before. No wait ends before the call that began it, or
 * the call that woke it, has returned.
 *
 * `NaN`, infinite values and invalid dates are refused. Each clock decides
 * whether a time in the past is an error.
 */
export type Clock = Pick<
  BaseClock,
  | "time"
  | "utcNow"
  | "sleep"
  | "sleepUntil"
  | "callIn"
  | "callAt"
  | "timeout"
>;

/**
 * The base class of {@linkcode SystemClock} and {@linkcode ExternalClock}, with
 * the queue of waits. To make your own clock, extend this class, define how
 * times are read, and call {@linkcode BaseClock.wakeUntil} as the time passes.
 */
export abstract class BaseClock implements Disposable {
  readonly #name: string;
  readonly #onError: OnError;
  readonly #waits = new Heap<Wait>((a, b) =>
    a.due === b.due ? a.order < b.order : a.due < b.due
  );
  readonly #listeners = new AbortListeners<Wait>();
  #begun = 0;
  #keptAlive = 0;
  #isClosed = false;

  /**
   * Creates a clock. `name` appears in errors, for example `"system clock"`.
   */
  protected constructor(name: string, { onError }: ClockOptions) {
    this.#name = name;
    this.#onError = guardedOnError(onError);
    observed.by?.opened(
      this,
      "clock",
      () => `${name} at ${formatSeconds(this.time())}`,
    );
  }

  /**
   * Returns the time in seconds. It never decreases; its first value depends on
   * the clock.
   */
  abstract time(): number;

  /** Returns the date, to the millisecond. */
  abstract utcNow(): Date;

  /**
   * Returns the time that is `seconds` from now.
   *
   * @throws {RangeError} If the clock refuses the duration.
   */
  protected dueIn(seconds: number): number {
    checkFinite("wait for", seconds);
    return this.time() + seconds;
  }

  /**
   * Returns the time of this clock that `when` stands for.
   *
   * @throws {RangeError} If the clock refuses the time.
   */
  protected abstract dueAt(when: number | Date): number;

  /** Called after a wait has begun, or has ended before its time. */
  protected onWaitsChanged?(): void;

  /** Whether there is a wait that keeps the process alive. */
  protected get keepsAlive(): boolean {
    return this.#keptAlive > 0;
  }

  /** The earliest due time; `null` if nothing waits. */
  get nextDue(): number | null {
    return this.#waits.first?.due ?? null;
  }

  /** The number of pending sleeps and scheduled callbacks. */
  get waiting(): number {
    return this.#waits.size;
  }

  /**
   * Resolves after `seconds`.
   *
   * @throws {RangeError} As a rejection, if the clock refuses the duration.
   * @throws {ClockClosedError} As a rejection, if the clock is closed, or
   * closes meanwhile.
   */
  sleep(seconds: number, options: SleepOptions = {}): Promise<void> {
    return this.#sleep(() => this.dueIn(seconds), options);
  }

  /**
   * Resolves at a time of this clock, or at a date.
   *
   * @throws {RangeError} As a rejection, if the clock refuses the time.
   * @throws {ClockClosedError} As a rejection, if the clock is closed, or
   * closes meanwhile.
   */
  sleepUntil(when: number | Date, options: SleepOptions = {}): Promise<void> {
    return this.#sleep(() => this.dueAt(when), options);
  }

  /**
   * Calls `callback` once, after `seconds`. If it throws or rejects, the error
   * is reported.
   *
   * @throws {RangeError} If the clock refuses the duration.
   * @throws {ClockClosedError} If the clock is closed.
   */
  callIn(seconds: number, callback: () => unknown): ClockTimer {
    return this.#call(this.dueIn(seconds), callback);
  }

  /**
   * Calls `callback` once, at a time of this clock or at a date. If it throws
   * or rejects, the error is reported.
   *
   * @throws {RangeError} If the clock refuses the time.
   * @throws {ClockClosedError} If the clock is closed.
   */
  callAt(when: number | Date, callback: () => unknown): ClockTimer {
    return this.#call(this.dueAt(when), callback);
  }

  /**
   * Returns a signal that aborts after `seconds`, with a `DOMException` named
   * `"TimeoutError"`, like `AbortSignal.timeout` in real time. Pass it to a
   * call that must not take longer. Declared with `using`, the timeout is
   * cancelled at the end of its block; otherwise the clock keeps it until its
   * time. It does not keep the process alive.
   *
   * @throws {RangeError} If the clock refuses the duration.
   * @throws {ClockClosedError} If the clock is closed.
   */
  timeout(seconds: number): AbortSignal & Disposable {
    const controller = new AbortController();
    const wait = this.#call(this.dueIn(seconds), () => {
      const message = `The time is over: ${formatSeconds(seconds)}`;
      controller.abort(new DOMException(message, "TimeoutError"));
    }, false);
    return Object.assign(controller.signal, {
      [Symbol.dispose]: () => wait.cancel(),
    });
  }

  /**
   * Ends all waits: sleeps reject with a {@linkcode ClockClosedError}, and
   * scheduled callbacks never run. New waits are refused; the time can still be
   * read. Can be called repeatedly.
   */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const wait of this.#waits.takeWhile(() => true)) {
      this.#forget(wait);
      wait.done.reject(this.#closedError(wait.describe()));
    }
    this.onWaitsChanged?.();
    observed.by?.closed(this);
  }

  /** Closes the clock. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Wakes all waits that are due at `time` or earlier, in order. */
  protected wakeUntil(time: number): void {
    for (const wait of this.#waits.takeWhile(({ due }) => due <= time)) {
      this.#forget(wait);
      // User code runs in a later microtask.
      wait.done.resolve();
    }
  }

  /**
   * Throws if the clock is closed. `act` describes the attempt.
   *
   * @throws {ClockClosedError} If the clock is closed.
   */
  protected checkOpen(act: string): void {
    if (this.#isClosed) throw this.#closedError(act);
  }

  // Not an async function: its promise would resolve two microtasks late, and
  // so out of order.
  #sleep(due: () => number, { signal }: SleepOptions): Promise<void> {
    try {
      signal?.throwIfAborted();
      const wait = this.#begin(due(), null);
      if (signal !== undefined) this.#listeners.add(signal, wait);
      return wait.done.promise;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #call(
    due: number,
    callback: () => unknown,
    keepsAlive = true,
  ): ClockTimer {
    const wait = this.#begin(due, callback, keepsAlive);
    // A reaction of the wait's promise, like the code after a sleep, so that
    // sleeps and callbacks run in one order.
    wait.done.promise.then(() => this.#run(wait), () => wait.cancel());
    return wait;
  }

  #begin(
    due: number,
    callback: (() => unknown) | null,
    keepsAlive = true,
  ): Wait {
    this.checkOpen(`wait until ${formatSeconds(due)}`);
    const order = this.#begun++;
    const wait = new Wait(due, order, callback, keepsAlive, this.#remove);
    this.#waits.add(wait);
    if (keepsAlive) this.#keptAlive++;
    this.onWaitsChanged?.();
    // Not tracked: as with `AbortSignal.timeout`, a signal that was passed on
    // need not be cancelled.
    if (!keepsAlive) return wait;
    observed.by?.opened(wait, "timer", () => wait.describe());
    observed.by?.owned(wait, this);
    return wait;
  }

  readonly #remove = (wait: Wait): void => {
    if (wait.slot < 0) return;
    this.#waits.remove(wait);
    this.#forget(wait);
    this.onWaitsChanged?.();
  };

  #forget(wait: Wait): void {
    if (wait.keepsAlive) this.#keptAlive--;
    this.#listeners.remove(wait);
    observed.by?.closed(wait);
  }

  async #run(wait: Wait): Promise<void> {
    if (this.#isClosed) return;
    const { callback } = wait;
    wait.callback = null;
    try {
      await callback?.();
    } catch (error) {
      this.#onError(error, { kind: "callback", address: this.#name });
    }
  }

  #closedError(act: string): ClockClosedError {
    return new ClockClosedError(`Cannot ${act}: the ${this.#name} is closed`);
  }
}
