import {
  ConnectionClosedError,
  ServerBusyError,
} from "@denomas/denomas/channel";

/**
 * Records calls, which must run at most once and must settle. The record is
 * outside the nodes, so a crash does not erase it.
 */
export class Books {
  readonly #runs = new Map<string, number>();
  /** The calling node of each pending call. */
  readonly #pending = new Map<string, string>();
  readonly #failed = new Map<string, unknown>();
  #answered = 0;
  #problem: string | null = null;

  /** The number of calls that were answered. */
  get answered(): number {
    return this.#answered;
  }

  /** The number of calls that have not settled. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Whether a call that failed has run. */
  get hasLostAnswer(): boolean {
    for (const key of this.#failed.keys()) if (this.#runs.has(key)) return true;
    return false;
  }

  /** Records a problem; only the first one counts. */
  complain(problem: string): void {
    this.#problem ??= problem;
  }

  /**
   * A property for `sim.always`.
   *
   * @throws {Error} If a problem was recorded.
   */
  check(): boolean {
    if (this.#problem !== null) throw new Error(this.#problem);
    return true;
  }

  /** Records that a call runs. */
  run(key: string): void {
    const runs = (this.#runs.get(key) ?? 0) + 1;
    this.#runs.set(key, runs);
    if (runs > 1) this.complain(`The call '${key}' runs twice`);
    if (saysNotRun(this.#failed.get(key))) {
      this.complain(
        `The call '${key}' runs, and its error said that it did not`,
      );
    }
  }

  /**
   * Makes a call of a node, whose answer must be its key. Returns the call's
   * error, or `null`.
   */
  async call(
    node: string,
    key: string,
    make: (key: string) => Promise<unknown>,
  ): Promise<unknown> {
    this.#pending.set(key, node);
    try {
      const answer = await make(key);
      if (answer !== key) {
        this.complain(`The call '${key}' gets the answer '${answer}'`);
      }
      if (!this.#runs.has(key)) {
        this.complain(`The call '${key}' is answered and has not run`);
      }
      this.#answered++;
      return null;
    } catch (error) {
      this.#failed.set(key, error);
      if (saysNotRun(error) && this.#runs.has(key)) {
        this.complain(
          `The call '${key}' has run, and its error says it has not`,
        );
      }
      return error;
    } finally {
      this.#pending.delete(key);
    }
  }

  /** Removes the calls of a crashed node: they need not settle. */
  crash(node: string): void {
    for (const [key, by] of this.#pending) {
      if (by === node) this.#pending.delete(key);
    }
  }
}

function saysNotRun(error: unknown): boolean {
  return error instanceof ServerBusyError ||
    error instanceof ConnectionClosedError && !error.sent;
}
