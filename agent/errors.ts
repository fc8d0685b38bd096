import { DenomasError } from "../transports/errors.ts";

/** Thrown by an operation that needs an open container. */
export class ContainerClosedError extends DenomasError {
  /** The name of the class. */
  override name = "ContainerClosedError";
}

/**
 * Thrown by pending waits of a clock when it closes, and by new waits after
 * that.
 */
export class ClockClosedError extends DenomasError {
  /** The name of the class. */
  override name = "ClockClosedError";
}

/**
 * Thrown by a store when another agent of the same class and id has saved its
 * state since this agent last loaded or saved it.
 */
export class StaleStateError extends DenomasError {
  /** The name of the class. */
  override name = "StaleStateError";
}

/** The details of a {@linkcode SpawnError}. */
export interface SpawnErrorDetails extends ErrorOptions {
  /** The class name of the error in the child, if it reported one. */
  readonly remoteName?: string | undefined;
  /** The last lines that the child wrote to stderr. */
  readonly stderr?: readonly string[] | undefined;
}

/** Thrown when a container, or an agent in it, cannot be spawned. */
export class SpawnError extends DenomasError<SpawnErrorDetails> {
  /** The name of the class. */
  override name = "SpawnError";
  /**
   * The class name of the error in the child, such as `"AddressInUseError"`, if
   * it reported one.
   */
  declare readonly remoteName?: string;
  /** The last lines, 20 at most, that the child wrote to stderr. */
  declare readonly stderr: readonly string[];

  /** Creates the error. */
  constructor(message: string, details: SpawnErrorDetails = {}) {
    super(message, { ...details, stderr: details.stderr ?? [] });
  }
}
