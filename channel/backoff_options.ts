/** The bounds of the random, growing waits between attempts. */
export interface BackoffOptions {
  /**
   * The longest first wait, in milliseconds.
   *
   * @default {50}
   */
  readonly initialMs: number;
  /**
   * The longest wait of all, in milliseconds.
   *
   * @default {5_000}
   */
  readonly maxMs: number;
}

/** The default bounds. */
export const DEFAULT_BACKOFF: BackoffOptions = { initialMs: 50, maxMs: 5_000 };
