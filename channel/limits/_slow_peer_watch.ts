import type { Connection } from "../../transports/transport.ts";
import type { CutCode } from "../_lifecycle.ts";
import type { Timeout, Timers } from "../timers/_timers.ts";
import type { Budget } from "./budget.ts";
import type { Limits } from "./limits.ts";

/** Above this many times `limits.queues.maxBytes` requests are refused. */
const REFUSE_FACTOR = 4;
/** Above this many times `limits.queues.maxBytes` the peer is cut off at once. */
const CUT_FACTOR = 16;
/** A peer that takes less than this of what is queued takes nothing. */
const LEAST_BYTES = 16 * 1024;
/** The longest time that a peer may stay above the refusing limit. */
const BACKLOG_MS = 1_000;
/** The queue is counted towards the budget in steps of this length. */
const COUNTED_BYTES = 64 * 1024;

const PATIENT = { patient: true };

/** The options of a {@linkcode SlowPeerWatch}. */
export interface SlowPeerOptions {
  readonly limits: Limits;
  /** The budget of all queues together, if there is one. */
  readonly budget: Budget | null;
  /** The timers of the channel. */
  readonly timers: Timers;
  /** Cuts off the peer. */
  readonly cut: (code: CutCode) => void;
}

/**
 * Notices a peer that sends and does not read. Reading from it never pauses,
 * since that could deadlock two sides that both wait; so what is queued for it
 * must be bounded here.
 *
 * A burst of large answers within one turn of the event loop is not the peer's
 * fault: it gets a second to take them.
 */
export class SlowPeerWatch {
  readonly #connection: Connection;
  readonly #options: SlowPeerOptions;
  /** The part of the queue that is in the budget, in bytes. */
  #countedBytes = 0;
  /** The timeouts that run, if they do. They are not restarted for each write. */
  #backlog: Timeout | null = null;
  #stall: Timeout | null = null;

  /** Watches the queue of `connection`. */
  constructor(connection: Connection, options: SlowPeerOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /** Whether so much is queued that requests should be refused. */
  get isBacklogged(): boolean {
    return this.#connection.queuedBytes >
      REFUSE_FACTOR * this.#options.limits.queues.maxBytes;
  }

  /** To be called after something was queued. */
  queued(): void {
    const { budget, cut, limits: { queues } } = this.#options;
    const { queuedBytes } = this.#connection;
    if (queuedBytes - this.#countedBytes > COUNTED_BYTES) {
      this.#count(queuedBytes);
      if (budget !== null && budget.exceededBy(0) !== null) {
        return cut("over-budget");
      }
    }
    if (queuedBytes > CUT_FACTOR * queues.maxBytes) return cut("slow-peer");
    if (this.#stall === null) this.#watchStall();
    if (this.#backlog === null && this.isBacklogged) this.#watchBacklog();
  }

  /** To be called when nothing is queued any more. */
  written(): void {
    if (this.#countedBytes > 0) this.#count(this.#connection.queuedBytes);
  }

  /** To be called when the connection has ended. */
  end(): void {
    this.#count(0);
  }

  #count(bytes: number): void {
    this.#options.budget?.hold(bytes - this.#countedBytes);
    this.#countedBytes = bytes;
  }

  #watchBacklog(): void {
    const { cut, timers } = this.#options;
    this.#backlog = timers.start("slow peer", BACKLOG_MS, () => {
      this.#backlog = null;
      if (this.isBacklogged) cut("slow-peer");
    }, PATIENT);
  }

  #watchStall(): void {
    const { cut, limits: { queues }, timers } = this.#options;
    const { writtenBytes, queuedBytes } = this.#connection;
    const wantedBytes = writtenBytes + Math.min(queuedBytes, LEAST_BYTES);
    this.#stall = timers.start("slow peer", queues.slowPeerMs, () => {
      this.#stall = null;
      const { writtenBytes, queuedBytes } = this.#connection;
      if (queuedBytes === 0) return;
      if (writtenBytes < wantedBytes) cut("slow-peer");
      else this.#watchStall();
    }, PATIENT);
  }
}
