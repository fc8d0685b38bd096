import { TokenBucket } from "../limits/_token_bucket.ts";

/** Counts that all channels of one server share. */
export class SharedCounts {
  /** Connections that were cut as over a limit. */
  cutConnections = 0;
  /** Connections that were closed because nobody knew whose they were. */
  refusedPeers = 0;
  /** Bounds the requests of all channels together. */
  readonly requestRate: TokenBucket;

  /** Creates the counts of a server, or of one connection without bounds. */
  constructor(requestRate: TokenBucket = new TokenBucket(Infinity, 0)) {
    this.requestRate = requestRate;
  }
}
