import type { HeapItem } from "../../channel/timers/_heap.ts";
import type { Abortable } from "../../channel/timers/abort_listeners.ts";
import type { ClockTimer } from "./clock.ts";
import type { ClockClosedError } from "../errors.ts";
import { formatSeconds } from "./_time.ts";

/** What a {@linkcode Wait} is made with. */
export interface WaitOptions {
  /** Its time, in seconds of its clock. */
  readonly due: number;
  /** How many waits of its clock began before it. */
  readonly order: number;
  /** Takes it out, if it still waits. */
  readonly remove: (wait: Wait) => void;
}

/** One that waits for its time. */
export abstract class Wait implements HeapItem {
  readonly due: number;
  readonly order: number;
  slot = -1;
  readonly #remove: (wait: Wait) => void;

  constructor({ due, order, remove }: WaitOptions) {
    this.due = due;
    this.order = order;
    this.#remove = remove;
  }

  /** What it does, in a few words. */
  abstract describe(): string;

  /** Its time has come; runs nothing of the user's before the next microtask. */
  abstract wake(): void;

  /** Its clock is closed. */
  abstract drop(error: ClockClosedError): void;

  /**
   * Takes it out, and tells nobody. The ledger calls this for a test that has
   * left it behind, and so has failed already.
   */
  close(): void {
    this.#remove(this);
  }
}

/** A sleep: a promise that is to be resolved. */
export class Sleep extends Wait implements Abortable {
  /** What ends it early, if anything does. */
  readonly signal: AbortSignal | undefined;
  readonly #resolve: () => void;
  readonly #reject: (reason: unknown) => void;

  constructor(
    options: WaitOptions,
    signal: AbortSignal | undefined,
    { resolve, reject }: PromiseWithResolvers<void>,
  ) {
    super(options);
    this.signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  override describe(): string {
    return `sleep until ${formatSeconds(this.due)}`;
  }

  override wake(): void {
    this.#resolve();
  }

  abort(reason: unknown): void {
    this.close();
    this.#reject(reason);
  }

  override drop(error: ClockClosedError): void {
    this.#reject(error);
  }
}

/** A callback, and the user's handle of it. */
export class ScheduledCall extends Wait implements ClockTimer {
  readonly #run: (callback: () => unknown) => void;
  /** `null` once it has run or never will. */
  #callback: (() => unknown) | null;

  constructor(
    options: WaitOptions,
    callback: () => unknown,
    run: (callback: () => unknown) => void,
  ) {
    super(options);
    this.#callback = callback;
    this.#run = run;
  }

  override describe(): string {
    return `call at ${formatSeconds(this.due)}`;
  }

  /** Later, as a promise does it: so the order holds among calls and sleeps. */
  override wake(): void {
    queueMicrotask(() => {
      const callback = this.#callback;
      this.#callback = null;
      if (callback !== null) this.#run(callback);
    });
  }

  cancel(): void {
    this.#callback = null;
    this.close();
  }

  [Symbol.dispose](): void {
    this.cancel();
  }

  override drop(): void {
    this.#callback = null;
  }
}
