import type { HeapItem } from "../../channel/internal.ts";
import type { Abortable } from "../../channel/timers/abort_listeners.ts";
import { formatSeconds } from "./_time.ts";

/** One wait for a time of a clock: a sleep, or a scheduled callback. */
export class Wait implements HeapItem, Abortable, Disposable {
  readonly due: number;
  /** The number of waits that the clock began before this one. */
  readonly order: number;
  /** Resolves at the due time; rejects if the wait ends early. */
  readonly done = Promise.withResolvers<void>();
  slot = -1;
  /** `null` for sleeps, and for callbacks that have run or were cancelled. */
  callback: (() => unknown) | null;
  /**
   * Whether the wait keeps the process alive, and can be reported as a leak.
   */
  readonly keepsAlive: boolean;
  readonly #remove: (wait: Wait) => void;

  /** `remove` takes the wait out of its clock, if it is still there. */
  constructor(
    due: number,
    order: number,
    callback: (() => unknown) | null,
    keepsAlive: boolean,
    remove: (wait: Wait) => void,
  ) {
    this.due = due;
    this.order = order;
    this.callback = callback;
    this.keepsAlive = keepsAlive;
    this.#remove = remove;
  }

  /** Removes the wait and rejects it. */
  abort(reason: unknown): void {
    this.cancel();
    this.done.reject(reason);
  }

  /** Removes the wait. Its promise then never settles. */
  cancel(): void {
    this.callback = null;
    this.#remove(this);
  }

  /**
   * Called by a test's leak check after it has reported this wait as a leak.
   */
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
