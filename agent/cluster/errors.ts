import { DenomasError } from "../../transports/errors.ts";

/**
 * Thrown if another writer was faster: this side's lease, epoch or revision is
 * not the newest any more. Nothing was written.
 */
export class StaleEpochError extends DenomasError {
  /** The name of this class. */
  override name = "StaleEpochError";
}

/** Thrown if the engine of the cluster cannot be reached, or fails. */
export class EngineError extends DenomasError {
  /** The name of this class. */
  override name = "EngineError";
}
