import { DenomasError } from "../transports/errors.ts";

/** Thrown when a step ends and has left something open or pending. */
export class LeakError extends DenomasError {
  /** The name of the class. */
  override name = "LeakError";
  /** The leaks, a few words each. */
  readonly leaks: readonly string[];

  /** Creates the error for some leaks. */
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
 * Thrown when a step fails although its body does not: because of a handler, an
 * unhandled rejection or clean-up. `cause` is the error.
 */
export class StepError extends DenomasError {
  /** The name of the class. */
  override name = "StepError";
}
