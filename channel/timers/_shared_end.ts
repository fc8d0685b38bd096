import { listenForAbort, stopListening } from "./abort_listeners.ts";

/** An end that stops many waits, each of which has its own signal as well. */
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

  /** Ends all waits, now and later, each with its own error. */
  end(): void {
    this.#isOver = true;
    for (const wait of this.#waits) wait.abort(this.#errorOf());
  }

  /**
   * Calls `wait` with a signal that aborts when `signal` does, with the same
   * reason, or at the end.
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
