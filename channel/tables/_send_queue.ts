import type { PayloadOwner } from "../../transports/frames/frame_queue.ts";
import type { FramedConnection } from "../../transports/frames/framed_connection.ts";
import type { ChannelContext } from "../_context.ts";
import type { Timeout } from "../timers/_timers.ts";

/** Above this many times `limits.queues.maxBytes` requests are refused. */
const REFUSE_FACTOR = 4;
/** Above this many times `limits.queues.maxBytes` the peer is cut off at once. */
const CUT_FACTOR = 16;
/**
 * A peer that reads less than this of the queued data counts as reading
 * nothing.
 */
const LEAST_BYTES = 16 * 1024;
/**
 * The longest time that a peer may stay above the limit for refusing requests.
 */
const BACKLOG_MS = 1_000;
/** The queue is counted towards the budget in steps of this size. */
const COUNTED_BYTES = 64 * 1024;

const PATIENT = { patient: true };

/** Waits for room in a {@linkcode SendQueue}. */
export interface QueueWaiter {
  /** Called when there is room for a frame, or the connection has ended. */
  go(): void;
}

/** A frame that may have to wait for room. */
export interface QueuedFrame extends QueueWaiter {
  /** Its position in the byte stream, or -1 while it waits. */
  readonly position: number;
}

/** A shared empty set: on many connections nothing ever waits. */
const NONE_WAITING = new Set<QueueWaiter>();

/** The result of a wait that ends at once. */
export const AT_ONCE: Promise<void> = Promise.resolve();

/**
 * The outgoing frames of a connection, first in, first out. Calls, large
 * answers and producers wait here in one order while more than
 * `limits.queues.maxBytes` is queued on the connection. Other answers do not
 * wait.
 *
 * Detects a peer that sends but does not read. Reading from such a peer never
 * pauses, since that could deadlock two sides that both wait. So the data
 * queued for it must be bounded here. A burst of large answers within one turn
 * of the event loop is not the peer's fault: the peer gets a second to read
 * them.
 */
export class SendQueue {
  readonly #channel: ChannelContext;
  readonly #connection: FramedConnection;
  #waiters = NONE_WAITING;
  /**
   * Kept between calls of `written`: a new iterator would step over the places
   * of all removed waiters.
   */
  #inOrder: Iterator<QueueWaiter, undefined> | null = null;
  /** The part of the queue that is counted in the owner's budget, in bytes. */
  #countedBytes = 0;
  /** The running timeouts, if any. They are not restarted for each write. */
  #backlog: Timeout | null = null;
  #stall: Timeout | null = null;

  /** Creates an empty queue in front of the connection of `channel`. */
  constructor(channel: ChannelContext) {
    this.#channel = channel;
    this.#connection = channel.connection;
  }

  /** Whether nothing waits for room. */
  get isEmpty(): boolean {
    return this.#waiters.size === 0;
  }

  /** Whether a call can be written now. */
  get hasRoom(): boolean {
    return this.isEmpty && !this.#isOver(1);
  }

  /** Whether the peer reads so little that its requests should be refused. */
  get isBacklogged(): boolean {
    return this.#isOver(REFUSE_FACTOR);
  }

  /** Returns whether more than `times` the limit is queued. */
  #isOver(times: number): boolean {
    const { maxBytes } = this.#channel.limits.queues;
    return this.#connection.queuedBytes > times * maxBytes;
  }

  /**
   * Writes a payload even if there is no room, and returns its position.
   * The `owner` gets the payload back later.
   */
  write(payload: string | Uint8Array, owner?: PayloadOwner): number {
    const position = this.#connection.send(payload, owner);
    this.#channel.counts.framesOut++;
    this.#checkPeer();
    return position;
  }

  /** Adds a waiter, which goes on when there is room. */
  wait(waiter: QueueWaiter): void {
    if (this.#waiters === NONE_WAITING) this.#waiters = new Set();
    this.#waiters.add(waiter);
  }

  /** Removes a frame. Returns whether part of it was already sent. */
  withdraw(frame: QueuedFrame): boolean {
    if (frame.position >= 0) {
      const isRevoked = this.#connection.revoke(frame.position);
      // A frame that is never sent never arrives.
      if (isRevoked) this.#channel.counts.framesOut--;
      return !isRevoked;
    }
    this.#waiters.delete(frame);
    return false;
  }

  /**
   * Calls `write`, which writes one frame, when there is room: at once, or
   * later in its turn. Also calls it at the end of the connection.
   */
  whenRoom(write: () => void): void {
    if (this.hasRoom) write();
    else this.wait({ go: write });
  }

  /** Resolves when there is room, or the connection has ended. */
  room(): Promise<void> {
    return this.hasRoom ? AT_ONCE : this.#nextRoom();
  }

  #nextRoom(): Promise<void> {
    return new Promise((resolve) => this.wait({ go: resolve }));
  }

  /** To be called when the connection has written all queued data. */
  written(): void {
    if (this.#countedBytes > 0) this.#count(this.#connection.queuedBytes);
    while (!this.isEmpty && !this.#isOver(1)) {
      this.#inOrder ??= this.#waiters.values();
      const { done, value: waiter } = this.#inOrder.next();
      if (done) {
        this.#inOrder = null;
        continue;
      }
      this.#waiters.delete(waiter);
      waiter.go();
    }
  }

  /** To be called when the connection has ended. Lets all waiters go on. */
  end(): void {
    this.#count(0);
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const waiter of waiters) waiter.go();
  }

  /**
   * Cuts off a peer with too much queued data, or watches how fast it reads.
   */
  #checkPeer(): void {
    const { queuedBytes } = this.#connection;
    if (queuedBytes - this.#countedBytes > COUNTED_BYTES) {
      this.#count(queuedBytes);
      const full = this.#channel.budget.parent?.exceededBy(0) ?? null;
      if (full !== null) return this.#channel.cutOver("over-budget");
    }
    if (this.#isOver(CUT_FACTOR)) return this.#channel.cutOver("slow-peer");
    if (this.#stall === null) this.#watchStall();
    if (this.#backlog === null && this.isBacklogged) this.#watchBacklog();
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
