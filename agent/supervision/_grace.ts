import { observed, world, type WorldTimer } from "../../transports/internal.ts";

/** The time left for a close in progress. It can be shortened, not extended. */
export class Grace {
  readonly #owner: object;
  readonly #over = Promise.withResolvers<void>();
  #timer: WorldTimer | null = null;
  #endsAt = Infinity;

  /** `owner` is the object that is being closed. */
  constructor(owner: object) {
    this.#owner = owner;
  }

  /** Ends the time after `graceMs`, unless it ends earlier. */
  limit(graceMs: number): void {
    const endsAt = world.now() + graceMs;
    if (endsAt >= this.#endsAt) return;
    this.stop();
    this.#endsAt = endsAt;
    if (graceMs <= 0) return this.#over.resolve();
    this.#timer = world.setTimer(graceMs, this.#over.resolve);
    observed.by?.opened(this.#timer, "timer", () => "end of a close");
    observed.by?.owned(this.#timer, this.#owner);
  }

  /** Waits for `work` as long as there is time. */
  async wait(work: Promise<unknown>): Promise<void> {
    await Promise.race([work, this.#over.promise]);
  }

  /** Stops the timer: the close is done. */
  stop(): void {
    if (this.#timer === null) return;
    this.#timer.stop();
    observed.by?.closed(this.#timer);
    this.#timer = null;
  }
}
