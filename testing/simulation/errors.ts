import { DenomasError } from "../../transports/errors.ts";

/** Thrown by APIs that a simulation cannot run, such as files and sockets. */
export class SimulationEscapeError extends DenomasError {
  /** The name of the class. */
  override name = "SimulationEscapeError";
}

/** Thrown when a seed of a simulation fails; `cause` is the failure. */
export class SimulationError extends DenomasError {
  /** The name of the class. */
  override name = "SimulationError";
  /** The seed that failed. */
  readonly seed: number;
  /**
   * The faults under which the seed fails, in the format of `DENOMAS_FAULTS`.
   */
  readonly faults: string;

  /** Creates the error for a seed and its faults. */
  constructor(
    message: string,
    { seed, faults, cause }: {
      readonly seed: number;
      readonly faults: string;
      readonly cause: unknown;
    },
  ) {
    super(message, { cause });
    this.seed = seed;
    this.faults = faults;
  }
}
