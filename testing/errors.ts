import { DenomasError } from "../transports/errors.ts";

/** Thrown when a step ends and something that it opened is left. */
export class LeakError extends DenomasError {
  /** The name of the class. */
  override name = "LeakError";
  /** What leaked, a few words each. */
  readonly leaks: readonly string[];

  /** Makes the error for what leaked. */
  constructor(message: string, leaks: readonly string[]) {
    super(message);
    this.leaks = leaks;
  }
}

/** Thrown when the body of a step takes longer than its limit. */
export class StepTimeoutError extends DenomasError {
  /** The name of the class. */
  override name = "StepTimeoutError";
  /** The limit, in milliseconds. */
  readonly timeoutMs: number;

  /** Makes the error for a step that was given `timeoutMs`. */
  constructor(message: string, timeoutMs: number) {
    super(message);
    this.timeoutMs = timeoutMs;
  }
}

/** Thrown by every method of a `Ctx` whose step is over. */
export class StepEndedError extends DenomasError {
  /** The name of the class. */
  override name = "StepEndedError";
}

/**
 * Thrown when a step fails although its body did not: by a handler, by a
 * rejection that nobody awaited, or in clean-up. `cause` is the error.
 */
export class StepError extends DenomasError {
  /** The name of the class. */
  override name = "StepError";
}
