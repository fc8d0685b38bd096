import type { Connection } from "../../transports/transport.ts";
import type { ChannelContext } from "../_context.ts";
import type { Timeout } from "../timers/_timers.ts";

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
  readonly #channel: ChannelContext;
  /** The part of the queue that is in the budget, in bytes. */
  #countedBytes = 0;
  /** The timeouts that run, if they do. They are not restarted for each write. */
  #backlog: Timeout | null = null;
  #stall: Timeout | null = null;

  /** Watches the queue of the connection of `channel`. */
  constructor(channel: ChannelContext) {
    this.#connection = channel.connection;
    this.#channel = channel;
  }

  /** Whether so much is queued that requests should be refused. */
  get isBacklogged(): boolean {
    return this.#connection.queuedBytes >
      REFUSE_FACTOR * this.#channel.limits.queues.maxBytes;
  }

  /** To be called after something was queued. */
  queued(): void {
    const { budget: { parent }, limits: { queues } } = this.#channel;
    const { queuedBytes } = this.#connection;
    if (queuedBytes - this.#countedBytes > COUNTED_BYTES) {
      this.#count(queuedBytes);
      if (parent !== null && parent.exceededBy(0) !== null) {
        return this.#channel.cutOver("over-budget");
      }
    }
    if (queuedBytes > CUT_FACTOR * queues.maxBytes) {
      return this.#channel.cutOver("slow-peer");
    }
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
    this.#channel.budget.parent?.hold(bytes - this.#countedBytes);
    this.#countedBytes = bytes;
  }

  #watchBacklog(): void {
    this.#backlog = this.#channel.timers.start("slow peer", BACKLOG_MS, () => {
      this.#backlog = null;
      if (this.isBacklogged) this.#channel.cutOver("slow-peer");
    }, PATIENT);
  }

  #watchStall(): void {
    const { limits: { queues }, timers } = this.#channel;
    const { writtenBytes, queuedBytes } = this.#connection;
    const wantedBytes = writtenBytes + Math.min(queuedBytes, LEAST_BYTES);
    this.#stall = timers.start("slow peer", queues.slowPeerMs, () => {
      this.#stall = null;
      const { writtenBytes, queuedBytes } = this.#connection;
      if (queuedBytes === 0) return;
      if (writtenBytes < wantedBytes) this.#channel.cutOver("slow-peer");
      else this.#watchStall();
    }, PATIENT);
  }
}
