import type { Connection } from "../../transports/transport.ts";
import type { ChannelContext } from "../_context.ts";
import { SlowPeerWatch } from "../limits/_slow_peer_watch.ts";
import { Deque } from "./deque.ts";

/** A frame that may have to wait for room in the queue of the connection. */
export interface QueuedFrame {
  /** Its position in the stream of bytes, or -1 while it waits. */
  position: number;
  /** Its payload while it waits. */
  payload: Uint8Array | null;
}

/** An empty set for the many connections on which no frame ever waits. */
const NONE_WAITING = new Set<QueuedFrame>();

const AT_ONCE: Promise<void> = Promise.resolve();

/**
 * The outgoing frames of a connection, first in, first out. Calls wait here
 * while more than `limits.queues.maxBytes` is queued on the connection; answers
 * do not.
 */
export class SendQueue {
  readonly #channel: ChannelContext;
  readonly #connection: Connection;
  readonly #slowPeer: SlowPeerWatch;
  #waiting = NONE_WAITING;
  /**
   * Kept from one `written` to the next: a new iterator would step over the
   * places of all frames that have left.
   */
  #inOrder = NONE_WAITING.values();
  #drainWaiters: PromiseWithResolvers<void>[] = [];
  /** Large answers that wait for room. */
  readonly #answers = new Deque<() => void>();

  /** Creates an empty queue in front of the connection of `channel`. */
  constructor(channel: ChannelContext) {
    this.#channel = channel;
    this.#connection = channel.connection;
    this.#slowPeer = new SlowPeerWatch(channel);
  }

  /** The number of frames that wait for room. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether a call can be written now. */
  get hasRoom(): boolean {
    return this.#waiting.size === 0 && this.#isUnderLimit;
  }

  /** Whether the peer reads so little that its requests should be refused. */
  get isBacklogged(): boolean {
    return this.#slowPeer.isBacklogged;
  }

  get #isUnderLimit(): boolean {
    const { maxBytes } = this.#channel.limits.queues;
    return this.#connection.queuedBytes <= maxBytes;
  }

  /** Writes a payload, whether or not there is room. Returns its position. */
  write(payload: string | Uint8Array): number {
    const position = this.#connection.send(payload);
    this.#channel.counts.framesOut++;
    this.#slowPeer.queued();
    return position;
  }

  /** Keeps a frame until there is room. */
  wait(frame: QueuedFrame): void {
    if (this.#waiting === NONE_WAITING) this.#waiting = new Set();
    this.#waiting.add(frame);
  }

  /** Returns whether part of a frame has left. */
  isSent(frame: QueuedFrame): boolean {
    return frame.position >= 0 && this.#connection.isSent(frame.position);
  }

  /** Removes a frame. Returns whether part of it had left before. */
  withdraw(frame: QueuedFrame): boolean {
    if (this.#waiting.delete(frame)) return false;
    return !this.#connection.revoke(frame.position);
  }

  /**
   * Calls `write`, which writes one frame, when there is room: now, or later in
   * the order of these calls. At the end of the connection it is called, too.
   */
  whenRoom(write: () => void): void {
    if (this.#answers.size === 0 && this.hasRoom) write();
    else this.#answers.push(write);
  }

  /** To be called when the connection has written all it had. */
  written(): void {
    this.#slowPeer.written();
    this.#writeAnswers();
    while (this.#waiting.size > 0) {
      if (!this.#isUnderLimit) return;
      const { done, value: frame } = this.#inOrder.next();
      if (done) {
        this.#inOrder = this.#waiting.values();
        continue;
      }
      this.#waiting.delete(frame);
      frame.position = this.write(frame.payload!);
      frame.payload = null;
    }
    if (!this.#isUnderLimit) return;
    for (const waiter of this.#drainWaiters.splice(0)) waiter.resolve();
  }

  #writeAnswers(): void {
    while (this.#answers.size > 0 && this.#isUnderLimit) {
      this.#answers.shift()!();
    }
  }

  /** Resolves when there is room, and rejects at the {@linkcode end}. */
  drained(): Promise<void> {
    if (this.hasRoom) return AT_ONCE;
    const waiter = Promise.withResolvers<void>();
    this.#drainWaiters.push(waiter);
    return waiter.promise;
  }

  /** Resolves when answers have left, or cannot any more. */
  async answersLeft(): Promise<void> {
    // An answer that is lost with its connection is only counted.
    await this.drained().catch(() => {});
  }

  /** Drops all waiting frames. Every `drained` rejects with its own error. */
  end(): void {
    this.#slowPeer.end();
    this.#waiting.clear();
    for (const write of this.#answers.clear()) write();
    for (const waiter of this.#drainWaiters.splice(0)) {
      waiter.reject(this.#channel.endError("drain"));
    }
  }
}
