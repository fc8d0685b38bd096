import type { HeapItem } from "../../channel/internal.ts";
import type { Abortable } from "../../channel/timers/abort_listeners.ts";
import { formatSeconds } from "./_time.ts";
import type { ClockTimer } from "./clock.ts";

/** One wait for a time of a clock: a sleep, or a call with its callback. */
export class Wait implements HeapItem, Abortable, ClockTimer {
  readonly due: number;
  /** The number of waits that the clock began before this one. */
  readonly order: number;
  /** Resolves at the due time; rejects if the wait ends before. */
  readonly done: Promise<void>;
  /** Resolves the wait. User code runs in a later microtask. */
  readonly wake: () => void;
  /** Rejects the wait, which must not be in a clock any more. */
  readonly fail: (reason: unknown) => void;
  slot = -1;
  /** `null` for sleeps, and for calls that have run or were cancelled. */
  callback: (() => unknown) | null;
  readonly #remove: (wait: Wait) => void;

  /** `remove` takes the wait out of its clock, if it is still there. */
  constructor(
    due: number,
    order: number,
    callback: (() => unknown) | null,
    remove: (wait: Wait) => void,
  ) {
    this.due = due;
    this.order = order;
    this.callback = callback;
    this.#remove = remove;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.done = promise;
    this.wake = resolve;
    this.fail = reject;
  }

  /** Returns whether this wait ends before `other`. */
  isBefore(other: Wait): boolean {
    return this.due < other.due ||
      (this.due === other.due && this.order < other.order);
  }

  /** Removes the wait and rejects it. */
  abort(reason: unknown): void {
    this.cancel();
    this.fail(reason);
  }

  cancel(): void {
    this.callback = null;
    this.#remove(this);
  }

  /** Called by the ledger of a test, which the wait has failed as a leak. */
  close(): void {
    this.cancel();
  }

  [Symbol.dispose](): void {
    this.cancel();
  }

  /** Describes the wait in a few words. */
  describe(): string {
    const act = this.callback === null ? "sleep until" : "call at";
    return `${act} ${formatSeconds(this.due)}`;
  }
}
