import { DenomasError } from "../../transports/errors.ts";

/**
 * Another one has written since: the lease, the epoch or the revision that this
 * side had is no longer the newest. Nothing was written.
 */
export class StaleEpochError extends DenomasError {
  /** The name of this class. */
  override name = "StaleEpochError";
}

/** What the cluster shares could not be reached, or failed. */
export class EngineError extends DenomasError {
  /** The name of this class. */
  override name = "EngineError";
}
