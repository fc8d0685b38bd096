import type { HeapItem } from "../../channel/internal.ts";
import type { Abortable } from "../../channel/timers/abort_listeners.ts";
import { formatSeconds } from "./_time.ts";

/** The options of a {@linkcode Wait}. */
export interface WaitOptions {
  readonly kind: "sleep" | "call";
  /** The time at which the wait ends, in seconds of its clock. */
  readonly due: number;
  /** The number of waits that the clock began before this one. */
  readonly order: number;
  /** Ends the wait early. */
  readonly signal: AbortSignal | undefined;
  /** Removes the wait from its clock, if it is still there. */
  readonly remove: (wait: Wait) => void;
}

/** One wait for a time of a clock, of a sleep or a scheduled call. */
export class Wait implements HeapItem, Abortable {
  readonly due: number;
  readonly order: number;
  readonly signal: AbortSignal | undefined;
  /** Resolves at the due time; rejects if the wait ends before. */
  readonly done: Promise<void>;
  /** Resolves the wait. User code runs in a later microtask. */
  readonly wake: () => void;
  /** Rejects the wait, which must not be in a clock any more. */
  readonly fail: (reason: unknown) => void;
  slot = -1;
  readonly #kind: "sleep" | "call";
  readonly #remove: (wait: Wait) => void;

  constructor({ kind, due, order, signal, remove }: WaitOptions) {
    this.due = due;
    this.order = order;
    this.signal = signal;
    this.#kind = kind;
    this.#remove = remove;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.done = promise;
    this.wake = resolve;
    this.fail = reject;
  }

  /** Removes the wait and rejects it. */
  abort(reason: unknown): void {
    this.close();
    this.fail(reason);
  }

  /**
   * Removes the wait without settling it. The ledger of a test closes a leaked
   * wait in this way, after it has failed the test.
   */
  close(): void {
    this.#remove(this);
  }

  /** Describes the wait in a few words. */
  describe(): string {
    const act = this.#kind === "sleep" ? "sleep until" : "call at";
    return `${act} ${formatSeconds(this.due)}`;
  }
}

/** Orders waits by due time, then by their beginnings. */
export function isBefore(a: Wait, b: Wait): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order);
}
