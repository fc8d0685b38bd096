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
