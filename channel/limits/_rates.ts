import { HEADER_BYTES } from "../../transports/frames/frame.ts";
import type { RateLimits } from "./limits.ts";
import { TokenBucket } from "./_token_bucket.ts";

/** Bounds how fast the peer of one connection may send. */
export class Rates {
  readonly #bytes: TokenBucket;
  readonly #frames: TokenBucket;
  readonly #requests: TokenBucket;
  readonly #server: TokenBucket;

  /** Creates the rates of a connection; `server` is what its server shares. */
  constructor(limits: RateLimits, server: TokenBucket) {
    const { burstMs } = limits;
    this.#bytes = new TokenBucket(limits.bytesPerSecond, burstMs);
    this.#frames = new TokenBucket(limits.framesPerSecond, burstMs);
    this.#requests = new TokenBucket(limits.requestsPerSecond, burstMs);
    this.#server = server;
  }

  /** Whether the number of requests is bounded. */
  get boundsRequests(): boolean {
    return this.#requests.isBounded || this.#server.isBounded;
  }

  /** Counts a frame, or returns `false` if it is one too many. */
  takeFrame(payloadBytes: number): boolean {
    return this.#frames.take(1) &&
      this.#bytes.take(HEADER_BYTES + payloadBytes);
  }

  /** Does not count a frame that was taken: this side has asked for it. */
  giveBackFrame(payloadBytes: number): void {
    this.#frames.giveBack(1);
    this.#bytes.giveBack(HEADER_BYTES + payloadBytes);
  }

  /** Counts a request, or returns why it is one too many. */
  takeRequest(): string | null {
    // Checked first, so that a refused request does not count for the server.
    if (!this.#requests.take(1)) {
      return "too many requests a second came from this side";
    }
    return this.#server.take(1)
      ? null
      : "too many requests a second came to this server";
  }
}
