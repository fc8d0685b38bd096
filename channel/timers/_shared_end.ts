import { AbortListeners } from "./abort_listeners.ts";

/** An end that many may be waiting for, each beside a signal of its own. */
export class Ending {
  readonly #controller = new AbortController();
  readonly #errorOf: () => Error;
  readonly #waits = new AbortListeners();

  /** `errorOf` makes the error that each wait ends with. */
  constructor(errorOf: () => Error) {
    this.#errorOf = errorOf;
  }

  /** Whether it has come. */
  get isOver(): boolean {
    return this.#controller.signal.aborted;
  }

  /** It has come. */
  end(): void {
    this.#controller.abort();
  }

  /**
   * Does what waits for its signal, which aborts when `signal` does, with the
   * same reason, or at the end.
   */
  async before<T>(
    signal: AbortSignal | undefined,
    wait: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    if (this.isOver) throw this.#errorOf();
    const controller = new AbortController();
    const atEnd = { abort: () => controller.abort(this.#errorOf()) };
    const onAbort = { abort: (reason: unknown) => controller.abort(reason) };
    this.#waits.add(this.#controller.signal, atEnd);
    if (signal !== undefined) this.#waits.add(signal, onAbort);
    try {
      return await wait(controller.signal);
    } finally {
      this.#waits.remove(this.#controller.signal, atEnd);
      if (signal !== undefined) this.#waits.remove(signal, onAbort);
    }
  }
}
