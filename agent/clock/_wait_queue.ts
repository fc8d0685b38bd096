import { Heap } from "../../channel/timers/_heap.ts";
import { guardedOnError, type OnError } from "../../channel/report.ts";
import { AbortListeners } from "../../channel/timers/abort_listeners.ts";
import { observed } from "../../transports/internal.ts";
import { formatSeconds } from "./_time.ts";
import { ScheduledCall, Sleep, type Wait, type WaitOptions } from "./_wait.ts";
import type { Clock, ClockTimer, SleepOptions } from "./clock.ts";
import { ClockClosedError } from "../errors.ts";

/** What {@linkcode Waits} are made with. */
export interface WaitsOptions {
  /** Whose time is waited for. */
  readonly clock: Clock;
  /** What kind of clock that is, in two words. */
  readonly name: string;
  /** Hears of callbacks that throw or reject. */
  readonly onError: OnError;
  /** A wait has begun, or ended before its time. */
  readonly onChange?: () => void;
}

/** All who wait for times of one clock, whatever makes its time pass. */
export class Waits {
  readonly #options: WaitsOptions;
  readonly #heap = new Heap<Wait>(isBefore);
  readonly #listeners = new AbortListeners<Sleep>();
  #begun = 0;
  #isClosed = false;

  constructor(options: WaitsOptions) {
    this.#options = { ...options, onError: guardedOnError(options.onError) };
    const { clock, name } = options;
    observed.by?.opened(
      clock,
      "clock",
      () => `${name} at ${formatSeconds(clock.time())}`,
    );
  }

  /** How many wait. */
  get size(): number {
    return this.#heap.size;
  }

  /** The earliest time that is waited for. */
  get nextDue(): number | null {
    return this.#heap.first?.due ?? null;
  }

  /** Begins a sleep until the time that `due` returns; rejects if it throws. */
  sleep(due: () => number, { signal }: SleepOptions): Promise<void> {
    const resolvers = Promise.withResolvers<void>();
    try {
      signal?.throwIfAborted();
      const sleep = new Sleep(this.#begin(due()), signal, resolvers);
      if (signal !== undefined) this.#listeners.add(signal, sleep);
      this.#add(sleep);
    } catch (error) {
      resolvers.reject(error);
    }
    // No async function: that would wake it two microtasks late, out of order.
    return resolvers.promise;
  }

  /** Has `callback` called at the time `due`. */
  call(due: number, callback: () => unknown): ClockTimer {
    const call = new ScheduledCall(
      this.#begin(due),
      callback,
      (callback) => this.#run(callback),
    );
    this.#add(call);
    return call;
  }

  /** Wakes all whose time is `time` or earlier. */
  wakeUntil(time: number): void {
    for (const wait of this.#heap.takeWhile(({ due }) => due <= time)) {
      this.#ended(wait);
      wait.wake();
    }
  }

  /** Throws if it is closed; `act` says what somebody wants to do. */
  check(act: () => string): void {
    if (this.#isClosed) throw this.#closedError(act());
  }

  /** Rejects the sleeps, and drops the callbacks. Repeatable. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const wait of this.#heap.takeWhile(() => true)) {
      this.#ended(wait);
      wait.drop(this.#closedError(wait.describe()));
    }
    this.#options.onChange?.();
    observed.by?.closed(this.#options.clock);
  }

  #begin(due: number): WaitOptions {
    this.check(() => `wait until ${formatSeconds(due)}`);
    return { due, order: this.#begun++, remove: this.#remove };
  }

  #add(wait: Wait): void {
    this.#heap.add(wait);
    this.#options.onChange?.();
    observed.by?.opened(wait, "timer", () => wait.describe());
    observed.by?.owned(wait, this.#options.clock);
  }

  readonly #remove = (wait: Wait): void => {
    if (wait.slot < 0) return;
    this.#heap.remove(wait);
    this.#ended(wait);
    this.#options.onChange?.();
  };

  #ended(wait: Wait): void {
    if (wait instanceof Sleep && wait.signal !== undefined) {
      this.#listeners.remove(wait.signal, wait);
    }
    observed.by?.closed(wait);
  }

  async #run(callback: () => unknown): Promise<void> {
    if (this.#isClosed) return;
    try {
      await callback();
    } catch (error) {
      const { name, onError } = this.#options;
      onError(error, { kind: "callback", address: name });
    }
  }

  #closedError(act: string): ClockClosedError {
    return new ClockClosedError(
      `Cannot ${act}: the ${this.#options.name} is closed`,
    );
  }
}

function isBefore(a: Wait, b: Wait): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order);
}
