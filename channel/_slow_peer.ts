import { lifetime } from "../transports/lifetime.ts";
import type { Connection } from "../transports/transport.ts";
import { Watchdog } from "../transports/watchdog.ts";
import type { Limits } from "./limits.ts";

/** Over this many times `maxQueuedBytes` new requests are refused. */
const REFUSE_FACTOR = 4;
/** Over this many times `maxQueuedBytes` the peer is cut off at once. */
const CUT_FACTOR = 16;
/** Who takes less than that of what waits for it takes nothing. */
const LEAST_BYTES = 16 * 1024;
/** For so long a peer may stay over the refusing limit. */
const BACKLOG_MS = 1_000;

/**
 * Notices a peer that sends and does not read. Reading from it never pauses,
 * since that could deadlock two sides that both wait; so what it is owed must
 * be bounded here.
 *
 * A burst of large answers within one turn of the event loop is not the peer's
 * fault: it gets a second to take it.
 */
export class SlowPeerWatch {
  readonly #connection: Connection;
  readonly #limits: Limits;
  readonly #cut: () => void;
  #timer: Watchdog | null = null;
  #waitMs = 0;

  /** Calls `cut` once the peer is too slow. */
  constructor(connection: Connection, limits: Limits, cut: () => void) {
    this.#connection = connection;
    this.#limits = limits;
    this.#cut = cut;
  }

  /** Whether so much is queued that no more requests should be taken. */
  get isBacklogged(): boolean {
    return this.#connection.queuedBytes >
      REFUSE_FACTOR * this.#limits.maxQueuedBytes;
  }

  /** To be called after something was queued. */
  queued(): void {
    const { queuedBytes } = this.#connection;
    if (queuedBytes > CUT_FACTOR * this.#limits.maxQueuedBytes) {
      this.#cut();
    } else if (this.isBacklogged) {
      if (this.#waitMs !== BACKLOG_MS) this.#arm(BACKLOG_MS);
    } else if (this.#timer === null) {
      // Armed once and left while writes come and go: arming it for each would
      // cost a few µs a call.
      this.#arm(this.#limits.slowPeerMs);
    }
  }

  /** Ends the watch. */
  stop(): void {
    if (this.#timer === null) return;
    this.#timer.stop();
    this.#timer = null;
    this.#waitMs = 0;
    lifetime.observer?.closed(this);
  }

  #arm(waitMs: number): void {
    this.stop();
    const { writtenBytes, queuedBytes } = this.#connection;
    const wanted = writtenBytes + Math.min(queuedBytes, LEAST_BYTES);
    const wasBacklogged = this.isBacklogged;
    this.#waitMs = waitMs;
    this.#timer = new Watchdog(
      waitMs,
      () => this.#check(wanted, wasBacklogged),
    );
    lifetime.observer?.opened(this, "timer", () => "watch for a slow peer");
    lifetime.observer?.owned(this, this.#connection);
  }

  #check(wantedBytes: number, wasBacklogged: boolean): void {
    this.stop();
    const { queuedBytes, writtenBytes } = this.#connection;
    const stuck = queuedBytes > 0 && writtenBytes < wantedBytes;
    if (stuck || (wasBacklogged && this.isBacklogged)) this.#cut();
    else if (queuedBytes > 0) this.queued();
  }
}
