import { DenomasError } from "../../transports/errors.ts";

/** Thrown by what a simulation cannot carry out, such as a file or a socket. */
export class SimulationEscapeError extends DenomasError {
  /** The name of the class. */
  override name = "SimulationEscapeError";
}

/** Thrown when a seed of a simulation fails; `cause` is what failed. */
export class SimulationError extends DenomasError {
  /** The name of the class. */
  override name = "SimulationError";
  /** The seed that failed. */
  readonly seed: number;
  /** The faults under which it fails, as `DENOMAS_FAULTS` takes them. */
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
