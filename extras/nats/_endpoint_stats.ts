import { world } from "../../transports/internal.ts";

/**
 * The statistics of one method for NATS monitors, with the names of their
 * protocol.
 */
export interface EndpointReport {
  readonly num_requests: number;
  readonly num_errors: number;
  readonly last_error: string;
  /** The total time of all calls, in nanoseconds. */
  readonly processing_time: number;
  /** The average time of a call, in nanoseconds. */
  readonly average_processing_time: number;
}

/** Counts the calls of one method. */
export class EndpointStats {
  #requests = 0;
  #errors = 0;
  #lastError = "";
  #ms = 0;

  /** Counts the start of a call. Returns a function that counts its end. */
  begin(): (error: string | null) => void {
    this.#requests++;
    const start = world.now();
    return (error) => {
      this.#ms += world.now() - start;
      if (error === null) return;
      this.#errors++;
      this.#lastError = error;
    };
  }

  /** Returns the statistics. */
  report(): EndpointReport {
    const nanoseconds = Math.round(this.#ms * 1e6);
    return {
      num_requests: this.#requests,
      num_errors: this.#errors,
      last_error: this.#lastError,
      processing_time: nanoseconds,
      average_processing_time: Math.round(
        nanoseconds / Math.max(1, this.#requests),
      ),
    };
  }
}
