import { DenomasError } from "../transports/errors.ts";

/** Thrown when a clock is closed: by what waits for it, and by new waits. */
export class ClockClosedError extends DenomasError {
  /** The name of the class. */
  override name = "ClockClosedError";
}
