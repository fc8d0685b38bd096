import { world } from "../../transports/internal.ts";

/** What monitors of NATS are told of one method, in the words of its protocol. */
export interface EndpointReport {
  readonly num_requests: number;
  readonly num_errors: number;
  readonly last_error: string;
  /** Nanoseconds of all calls. */
  readonly processing_time: number;
  /** Nanoseconds of a call. */
  readonly average_processing_time: number;
}

/** Counts the calls of one method. */
export class EndpointStats {
  #requests = 0;
  #errors = 0;
  #lastError = "";
  #ms = 0;

  /** Counts a call that begins; the result counts its end. */
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

  /** Returns what has been counted. */
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
