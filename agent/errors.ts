import { DenomasError } from "../transports/errors.ts";

/** Thrown by what needs a container that is open. */
export class ContainerClosedError extends DenomasError {
  /** The name of the class. */
  override name = "ContainerClosedError";
}
