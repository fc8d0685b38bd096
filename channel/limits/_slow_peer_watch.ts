import type { CutCode } from "../_close_reasons.ts";
import type { Connection } from "../../transports/transport.ts";
import type { Timeout, Timers } from "../timers/_timers.ts";
import type { Budget } from "./budget.ts";
import type { Limits } from "./limits.ts";

/** Over this many times `limits.queues.maxBytes` new requests are refused. */
const REFUSE_FACTOR = 4;
/** Over this many times `limits.queues.maxBytes` the peer is cut off at once. */
const CUT_FACTOR = 16;
/** Who takes less than that of what waits for it takes nothing. */
const LEAST_BYTES = 16 * 1024;
/** For so long a peer may stay over the refusing limit. */
const BACKLOG_MS = 1_000;

/** The queue is counted towards the budget in steps of so many bytes. */
const COUNTED_BYTES = 64 * 1024;

/** What a {@linkcode SlowPeerWatch} is made with. */
export interface SlowPeerOptions {
  readonly limits: Limits;
  /** What the queues of all connections count towards, if anything. */
  readonly budget: Budget | null;
  /** The timers of the channel. */
  readonly timers: Timers;
  /** Ends the connection for this reason. */
  readonly cut: (code: CutCode) => void;
}

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
  readonly #options: SlowPeerOptions;
  /** How much of the queue is in the budget. */
  #countedBytes = 0;
  #timeout: Timeout | null = null;
  #waitMs = 0;

  /** Watches what is queued on `connection`. */
  constructor(connection: Connection, options: SlowPeerOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /** Whether so much is queued that no more requests should be taken. */
  get isBacklogged(): boolean {
    return this.#connection.queuedBytes >
      REFUSE_FACTOR * this.#options.limits.queues.maxBytes;
  }

  /** To be called after something was queued. */
  queued(): void {
    const { queuedBytes } = this.#connection;
    const newBytes = queuedBytes - this.#countedBytes;
    if (newBytes > COUNTED_BYTES && this.#isOverBudget(queuedBytes)) {
      return this.#options.cut("over-budget");
    }
    if (queuedBytes > CUT_FACTOR * this.#options.limits.queues.maxBytes) {
      this.#options.cut("slow-peer");
    } else if (this.isBacklogged) {
      if (this.#waitMs !== BACKLOG_MS) this.#arm(BACKLOG_MS);
    } else if (this.#timeout === null) {
      // Armed once and left while writes come and go: arming it for each would
      // cost a few µs a call.
      this.#arm(this.#options.limits.queues.slowPeerMs);
    }
  }

  /** To be called when nothing is queued any more. */
  written(): void {
    if (this.#countedBytes > 0) this.#count(this.#connection.queuedBytes);
  }

  #isOverBudget(queuedBytes: number): boolean {
    this.#count(queuedBytes);
    return (this.#options.budget?.exceededBy(0) ?? null) !== null;
  }

  #count(bytes: number): void {
    this.#options.budget?.hold(bytes - this.#countedBytes);
    this.#countedBytes = bytes;
  }

  /** Ends the watch. */
  stop(): void {
    this.#count(0);
    this.#disarm();
  }

  #disarm(): void {
    this.#timeout?.stop();
    this.#timeout = null;
    this.#waitMs = 0;
  }

  #arm(waitMs: number): void {
    this.#disarm();
    const { writtenBytes, queuedBytes } = this.#connection;
    const wanted = writtenBytes + Math.min(queuedBytes, LEAST_BYTES);
    const wasBacklogged = this.isBacklogged;
    this.#waitMs = waitMs;
    this.#timeout = this.#options.timers.start(
      "slow peer",
      waitMs,
      () => this.#check(wanted, wasBacklogged),
      { patient: true },
    );
  }

  #check(wantedBytes: number, wasBacklogged: boolean): void {
    this.#disarm();
    const { queuedBytes, writtenBytes } = this.#connection;
    const stuck = queuedBytes > 0 && writtenBytes < wantedBytes;
    if (stuck || (wasBacklogged && this.isBacklogged)) {
      this.#options.cut("slow-peer");
    } else if (queuedBytes > 0) this.queued();
  }
}
