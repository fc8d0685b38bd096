import { MAX_TIMEOUT_MS } from "./_max_timeout.ts";
import { lifetime } from "../transports/lifetime.ts";

/** The time after which a close in progress becomes a cut. */
export class CutTimer {
  readonly #owner: object;
  readonly #cut: () => void;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #at = Infinity;

  /** Calls `cut` once; the timer is reported to belong to `owner`. */
  constructor(owner: object, cut: () => void) {
    this.#owner = owner;
    this.#cut = cut;
  }

  /** Cuts after `timeMs`, or earlier if that was asked before. 0 is at once. */
  start(timeMs: number): void {
    const at = performance.now() + timeMs;
    if (at >= this.#at) return;
    this.stop();
    if (timeMs <= 0) return this.#cut();
    this.#at = at;
    this.#timer = setTimeout(
      () => this.#cut(),
      Math.min(timeMs, MAX_TIMEOUT_MS),
    );
    lifetime.observer?.opened(this, "timer", () => "end of a close");
    lifetime.observer?.owned(this, this.#owner);
  }

  /** Ends the timer. */
  stop(): void {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#at = Infinity;
    lifetime.observer?.closed(this);
  }
}
