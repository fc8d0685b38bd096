import { listenForAbort, stopListening } from "./abort_listeners.ts";

/** A common end of many waits, each of which also has its own signal. */
export class Ending {
  readonly #errorOf: () => Error;
  readonly #waits = new Set<AbortController>();
  #isOver = false;

  /** `errorOf` creates the error of each wait. */
  constructor(errorOf: () => Error) {
    this.#errorOf = errorOf;
  }

  /** Whether the waits have ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Ends all current and later waits, each with its own error. */
  end(): void {
    this.#isOver = true;
    for (const wait of this.#waits) wait.abort(this.#errorOf());
  }

  /**
   * Calls `wait` with a signal that aborts at the end, or when `signal` aborts,
   * with the same reason.
   */
  async before<T>(
    signal: AbortSignal | undefined,
    wait: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    if (this.#isOver) throw this.#errorOf();
    const controller = new AbortController();
    this.#waits.add(controller);
    if (signal !== undefined) listenForAbort(signal, controller);
    try {
      return await wait(controller.signal);
    } finally {
      this.#waits.delete(controller);
      if (signal !== undefined) stopListening(signal, controller);
    }
  }
}
