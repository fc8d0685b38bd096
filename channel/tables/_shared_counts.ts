import type { TokenBucket } from "../limits/_token_bucket.ts";

/** Counts that all channels of one server share. */
export class SharedCounts {
  /** Connections that were cut as over a limit. */
  cutConnections = 0;
  /** Connections that were closed because nobody knew whose they were. */
  refusedPeers = 0;
  /** How many requests may come, or `null` if nothing bounds that. */
  readonly requestRate: TokenBucket | null;

  /** A connection that no server has accepted shares with nobody. */
  constructor(requestRate: TokenBucket | null = null) {
    this.requestRate = requestRate;
  }
}
