import { Timer } from "../../transports/timer.ts";

/** Why a container could not start, as far as this side knows. */
export class StartProblem extends Error {
  /** Class name of the error on the other side, where it told one. */
  readonly remoteName: string | undefined;

  constructor(message: string, remoteName?: string) {
    super(message);
    this.remoteName = remoteName;
  }
}

/** What ends a start: the time, a signal of the user's, or who started it. */
export class StartLimit {
  readonly #controller = new AbortController();
  #timer: Timer | undefined;
  #unlisten: () => void = () => {};

  /** Aborts when the start is to be given up. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Sets the limits. */
  set(timeoutMs: number, signal: AbortSignal | undefined): void {
    this.#timer = new Timer(timeoutMs, () =>
      this.abort(
        new StartProblem(`it had not started after ${timeoutMs} ms`),
      ));
    const onAbort = () => this.abort(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#unlisten = () => signal?.removeEventListener("abort", onAbort);
    if (signal?.aborted) onAbort();
  }

  /** Gives the start up. */
  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /** It is over, however it went. */
  end(): void {
    this.#timer?.stop();
    this.#unlisten();
  }
}
