import { world } from "../../transports/internal.ts";
import { pause } from "./_waits.ts";

/** The bounds of the random, growing waits between attempts. */
export interface BackoffOptions {
  /**
   * The longest first wait, in milliseconds.
   *
   * @default {50}
   */
  readonly initialMs: number;
  /**
   * The longest of all waits, in milliseconds.
   *
   * @default {5_000}
   */
  readonly maxMs: number;
}

/** The default bounds. */
export const DEFAULT_BACKOFF: BackoffOptions = { initialMs: 50, maxMs: 5_000 };

/** Random, growing waits between attempts. */
export class Backoff {
  /** Whether later waits keep the process alive. */
  isRef = true;

  readonly #options: BackoffOptions;
  readonly #owner: object | undefined;
  readonly #random: () => number;
  #waitMs: number;

  /**
   * Creates waits. Their timers belong to `owner`, if there is one. `random`
   * returns numbers from 0 up to 1.
   */
  constructor(
    options: BackoffOptions = DEFAULT_BACKOFF,
    owner?: object,
    random: () => number = () => world.random(),
  ) {
    this.#options = options;
    this.#owner = owner;
    this.#random = random;
    this.#waitMs = options.initialMs;
  }

  /** Returns to short waits. */
  reset(): void {
    this.#waitMs = this.#options.initialMs;
  }

  /** Returns the length of the next wait, in milliseconds. */
  next(): number {
    const longestMs = Math.min(this.#waitMs, this.#options.maxMs);
    this.#waitMs = longestMs * 2;
    // Random, so that not all clients return to a server at the same time.
    return longestMs * (0.5 + this.#random() / 2);
  }

  /**
   * Waits for the time of {@linkcode next}, but no longer than `atMostMs`.
   * Rejects with the signal's reason.
   */
  async wait(
    atMostMs: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    await pause(Math.min(this.next(), atMostMs), signal, {
      owner: this.#owner,
      isRef: this.isRef,
    });
  }
}
