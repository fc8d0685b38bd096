import { DenomasError } from "../transports/errors.ts";

/** Thrown when a step ends and leaves something open or pending. */
export class LeakError extends DenomasError {
  /** The name of the class. */
  override name = "LeakError";
  /** Short descriptions of the leaks. */
  readonly leaks: readonly string[];

  /** Creates the error for `leaks`. */
  constructor(message: string, leaks: readonly string[]) {
    super(message);
    this.leaks = leaks;
  }
}

/** Thrown when the body of a step exceeds its time limit. */
export class StepTimeoutError extends DenomasError {
  /** The name of the class. */
  override name = "StepTimeoutError";
  /** The limit, in milliseconds. */
  readonly timeoutMs: number;

  /** Creates the error for a step with the limit `timeoutMs`. */
  constructor(message: string, timeoutMs: number) {
    super(message);
    this.timeoutMs = timeoutMs;
  }
}

/** Thrown by the methods of a `Ctx` whose step is over. */
export class StepEndedError extends DenomasError {
  /** The name of the class. */
  override name = "StepEndedError";
}

/**
 * Thrown when a step fails although its body succeeds: because of a handler, an
 * unhandled rejection or clean-up. `cause` is the original error.
 */
export class StepError extends DenomasError {
  /** The name of the class. */
  override name = "StepError";
}
