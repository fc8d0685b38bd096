import { DenomasError } from "../transports/errors.ts";

/** Thrown by what needs a container that is open. */
export class ContainerClosedError extends DenomasError {
  /** The name of the class. */
  override name = "ContainerClosedError";
}

/** Thrown when a clock is closed: by what waits for it, and by new waits. */
export class ClockClosedError extends DenomasError {
  /** The name of the class. */
  override name = "ClockClosedError";
}

/** What a {@linkcode SpawnError} knows beyond its message. */
export interface SpawnErrorDetails extends ErrorOptions {
  /** Class name of the error on the other side, where it told one. */
  readonly remoteName?: string | undefined;
  /** What the other side wrote to stderr at last. */
  readonly stderr?: readonly string[] | undefined;
}

/** Thrown when a container, or an agent in it, cannot be spawned. */
export class SpawnError extends DenomasError {
  /** The name of the class. */
  override name = "SpawnError";
  /**
   * Class name of the error on the other side, such as `"AddressInUseError"`,
   * where it told one.
   */
  readonly remoteName?: string;
  /** The last lines, 20 at most, that the other side wrote to stderr. */
  readonly stderr: readonly string[];

  /** Makes the error. */
  constructor(message: string, details: SpawnErrorDetails = {}) {
    super(message, details);
    this.stderr = details.stderr ?? [];
    if (details.remoteName !== undefined) this.remoteName = details.remoteName;
  }
}

/** Thrown by a manager for all but the connection of its parent. */
export class ManagerRefusedError extends DenomasError {
  /** The name of the class. */
  override name = "ManagerRefusedError";
}
