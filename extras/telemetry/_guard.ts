import {
  guardedOnError,
  type OnError,
  runGuarded,
} from "../../channel/report.ts";

/**
 * Runs what users give to telemetry, such as a tracer, so that its failures
 * harm no call. Only the first failure is reported: each call may bring another.
 */
export class Guard {
  readonly #onError: OnError;
  #hasReported = false;

  constructor(onError: OnError | undefined) {
    this.#onError = guardedOnError(onError);
  }

  /** Runs `act` for its effect. */
  run(act: () => unknown): void {
    runGuarded(act, (error) => this.#report(error));
  }

  /** What `make` returns; `fallback` if it throws or returns something else. */
  value<T>(make: () => T, isRight: (made: T) => boolean, fallback: T): T {
    try {
      const made = make();
      if (isRight(made)) return made;
      // An async function, say, whose rejection nobody else hears.
      this.run(() => made);
      this.#report(
        new TypeError(
          "Cannot record a call: a function given to 'openTelemetry' returned something else than it should, it may not be async",
        ),
      );
    } catch (error) {
      this.#report(error);
    }
    return fallback;
  }

  #report(error: unknown): void {
    if (this.#hasReported) return;
    this.#hasReported = true;
    this.#onError(error, { kind: "callback", address: "telemetry" });
  }
}
