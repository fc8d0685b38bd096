import { observed } from "../../transports/internal.ts";
import { Timer } from "../../transports/timer.ts";

/** The time after which a close in progress becomes a cut. */
export class CutTimer {
  readonly #owner: object;
  readonly #cut: () => void;
  #timer: Timer | null = null;
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
    this.#timer = new Timer(timeMs, () => this.#cut());
    observed.by?.opened(this, "timer", () => "end of a close");
    observed.by?.owned(this, this.#owner);
  }

  /** Ends the timer. */
  stop(): void {
    if (this.#timer === null) return;
    this.#timer.stop();
    this.#timer = null;
    this.#at = Infinity;
    observed.by?.closed(this);
  }
}
