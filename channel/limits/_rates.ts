import { world } from "../../transports/internal.ts";
import { HEADER_BYTES } from "../../transports/frames/frame.ts";
import type { Limits } from "./limits.ts";
import { TokenBucket } from "./_token_bucket.ts";

/** How fast the peer of one connection may send. */
export class Rates {
  readonly #bytes: TokenBucket | null;
  readonly #frames: TokenBucket | null;
  readonly #requests: TokenBucket | null;
  readonly #server: TokenBucket | null;

  private constructor(limits: Limits, server: TokenBucket | null) {
    const bucket = (perSecond: number) =>
      TokenBucket.of(perSecond, limits.rates.burstMs);
    this.#bytes = bucket(limits.rates.bytesPerSecond);
    this.#frames = bucket(limits.rates.framesPerSecond);
    this.#requests = bucket(limits.rates.requestsPerSecond);
    this.#server = server;
  }

  /**
   * The rates of a connection, of a server with the rate `server`; `null` where
   * nothing is bounded, so that a frame costs no look at the time.
   */
  static of(limits: Limits, server: TokenBucket | null): Rates | null {
    const { bytesPerSecond, framesPerSecond, requestsPerSecond } = limits.rates;
    const isBounded = server !== null || Math.min(
          bytesPerSecond,
          framesPerSecond,
          requestsPerSecond,
        ) < Infinity;
    return isBounded ? new Rates(limits, server) : null;
  }

  /** Counts a frame; `false` if it is too much. */
  takeFrame(payloadBytes: number): boolean {
    const now = world.now();
    return (this.#frames?.take(1, now) ?? true) &&
      (this.#bytes?.take(HEADER_BYTES + payloadBytes, now) ?? true);
  }

  /** Takes back that a frame was counted: this side has asked for it. */
  giveBackFrame(payloadBytes: number): void {
    this.#frames?.giveBack(1);
    this.#bytes?.giveBack(HEADER_BYTES + payloadBytes);
  }

  /** Counts a request; tells why it is too much, or `null`. */
  takeRequest(): string | null {
    const now = world.now();
    // What this connection may not send takes nothing from the others.
    if (this.#requests?.take(1, now) === false) {
      return "too many requests a second came from this side";
    }
    return this.#server?.take(1, now) ?? true
      ? null
      : "too many requests a second came to this server";
  }
}
