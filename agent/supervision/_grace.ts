import { Timers } from "../../channel/internal.ts";

/** The time left for a close in progress. It can be shortened, not extended. */
export class Grace {
  readonly #timers: Timers;
  readonly #over = Promise.withResolvers<void>();

  /** `owner` is the object that is being closed. */
  constructor(owner: object) {
    this.#timers = new Timers(owner);
  }

  /** Ends the time after `graceMs`, unless it ends earlier. */
  limit(graceMs: number): void {
    const end = this.#over.resolve;
    if (graceMs <= 0) end();
    else {
      this.#timers.start("end of a close", graceMs, end, { keepsAlive: true });
    }
  }

  /** Waits for `work` as long as there is time. */
  async wait(work: Promise<unknown>): Promise<void> {
    await Promise.race([work, this.#over.promise]);
  }

  /** Stops the timers: the close is done. */
  stop(): void {
    this.#timers.end();
  }
}
