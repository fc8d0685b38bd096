import { FrameTooLargeError, ProtocolError } from "../transports/errors.ts";
import { observed, world } from "../transports/internal.ts";
import type { Connection, FrameReceiver } from "../transports/transport.ts";
import { type CutCode, cutReason } from "./_lifecycle.ts";
import type { ChannelHooks } from "./_hooks.ts";
import {
  type ChannelParts,
  type ConnectionChannelOptions,
  makeParts,
  type PartsOwner,
} from "./tables/_parts.ts";
import type {
  Channel,
  ChannelStats,
  CloseOptions,
  SendOptions,
} from "./channel.ts";
import type { CloseReason } from "./errors.ts";
import type { Budget } from "./limits/budget.ts";
import type { Limits } from "./limits/limits.ts";
import { REQUEST } from "./message.ts";
import type { IncomingRequest, Request } from "./request.ts";
import { IncomingRequests } from "./tables/_incoming_requests.ts";
import { type CallTerms, OutgoingCalls } from "./tables/_outgoing_calls.ts";
import type { Timeout, Timers } from "./timers/_timers.ts";

/** The longest time that a close without `graceMs` writes queued data. */
const FLUSH_MS = 1_000;

/** The length of a frame by which a peer asks for items of a stream. */
const PACED_BYTES = 40;

const CLOSED_HERE: CloseReason = {
  by: "local",
  code: "closed",
  message: "this side closed the channel",
};

/**
 * Starts a new channel: calls {@linkcode ConnectionChannel.start} with the hooks
 * of its layer, and returns what that layer works with.
 */
export type ChannelStarter<Started = ConnectionChannel> = (
  channel: ConnectionChannel,
) => Started;

/** The {@linkcode ChannelStarter} of this layer. */
export const startPlain: ChannelStarter = (channel) => {
  channel.start();
  return channel;
};

/**
 * The channel on a connection. It receives frames and passes messages on to its
 * calls and requests, and ends all of its parts once.
 */
export class ConnectionChannel implements Channel, FrameReceiver, PartsOwner {
  readonly #connection: Connection;
  readonly #options: ConnectionChannelOptions;
  readonly #parts: ChannelParts;
  readonly #calls: OutgoingCalls;
  readonly #requests: IncomingRequests;
  /** Cuts the connection when a close takes too long. */
  #cutTimeout: Timeout | null = null;

  /** Takes over `connection`, and reads nothing from it before `start`. */
  constructor(connection: Connection, options: ConnectionChannelOptions) {
    this.#connection = connection;
    this.#options = options;
    observed.by?.opened(
      this,
      "channel",
      () => `${this.localAddress} to ${this.remoteAddress}`,
    );
    observed.by?.owned(connection, this);
    this.#parts = makeParts(this, connection, options);
    this.#calls = new OutgoingCalls(this.#parts);
    this.#requests = new IncomingRequests(this.#parts, () => this.#finish());
  }

  /** Starts to read. To be called once, before anything else. */
  start(hooks: ChannelHooks = {}): void {
    this.#parts.codec.start(hooks);
    this.#requests.start(hooks);
    if (hooks.admission?.isUnadmitted) this.#parts.arrivals.admitPeers();
    this.#connection.start(this);
  }

  /** The memory that the peer makes this side hold. */
  get budget(): Budget {
    return this.#parts.budget;
  }

  /** The timers of everything on this connection; they end with it. */
  get timers(): Timers {
    return this.#parts.timers;
  }

  get closed(): Promise<CloseReason> {
    return this.#parts.lifecycle.closed;
  }

  get localAddress(): string {
    return this.#connection.localAddress;
  }

  get remoteAddress(): string {
    return this.#connection.remoteAddress;
  }

  get peerName(): string | null {
    return this.#connection.peerName;
  }

  /** The limits of this connection. */
  get limits(): Limits {
    return this.#options.limits;
  }

  /** The default time for a call. */
  get timeoutMs(): number {
    return this.#options.timeoutMs;
  }

  /** Bytes received so far. */
  get receivedBytes(): number {
    return this.#connection.receivedBytes;
  }

  /** The number of calls so far, which is the id of the next one. */
  get callsMade(): number {
    return this.#calls.made;
  }

  /** Replies received so far, whether or not a call waited for them. */
  get repliesReceived(): number {
    return this.#calls.replies;
  }

  send(content: unknown, options: SendOptions = {}): Promise<unknown> {
    if (observed.by === null) return this.request(content, options);
    const { signal, timeoutMs } = options;
    const report = { call: {}, path: null, args: [content] };
    return this.request(content, { signal, timeoutMs, report });
  }

  /**
   * Sends a request of the layer above; `context` reaches the custom types in
   * `content`.
   */
  request(
    content: unknown,
    terms: CallTerms = {},
    context?: unknown,
  ): Promise<unknown> {
    try {
      return this.#calls.send(content, terms, context);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  drained(): Promise<void> {
    return this.#parts.lifecycle.state.kind === "closed"
      ? Promise.reject(this.#parts.lifecycle.error("drain"))
      : this.#parts.queue.drained();
  }

  /**
   * Calls `write`, which sends one answer that may be large, when there is room
   * in the queue: now, or later in the order of these calls. At the end of the
   * connection it is called, too.
   */
  whenRoom(write: () => void): void {
    this.#parts.queue.whenRoom(write);
  }

  /**
   * Does not count a frame that has arrived, because this side sets the pace of
   * such frames: it has answered with items of a stream.
   */
  giveBackFrame(): void {
    this.#parts.rates.giveBackFrame(PACED_BYTES);
  }

  recv(): Promise<Request> {
    return this.#requests.inbox.recv();
  }

  [Symbol.asyncIterator](): AsyncIterator<Request, undefined> {
    return this.#requests.inbox[Symbol.asyncIterator]();
  }

  /**
   * Revives a request that admission has held back. If that fails the request
   * is answered, or the connection ended, and this returns `false`.
   */
  revive(request: IncomingRequest): boolean {
    try {
      return this.#requests.revive(request);
    } catch (error) {
      this.#breakOff(error);
      return false;
    }
  }

  frame(payload: Uint8Array): void {
    const cutCode = this.#parts.arrivals.frame(payload.length);
    if (cutCode !== null) return this.cutOver(cutCode);
    try {
      const message = this.#parts.codec.decode(
        payload,
        this.#parts.arrivals.maxWeight,
      );
      if (message.type === REQUEST) {
        this.#requests.receive(message, payload.length);
      } else {
        this.#calls.receive(message, payload.length);
      }
    } catch (error) {
      this.#breakOff(error);
    }
  }

  partial(heldBytes: number): void {
    const cutCode = this.#parts.arrivals.partial(heldBytes);
    if (cutCode !== null) this.cutOver(cutCode);
  }

  written(): void {
    this.#parts.queue.written();
    this.#finishIfWritten();
  }

  end(error: unknown): void {
    if (
      error instanceof ProtocolError || error instanceof FrameTooLargeError
    ) {
      this.#breakOff(error);
    } else if (this.#parts.lifecycle.state.kind !== "open") {
      this.#endClose();
    } else if (error === null) {
      this.cut({
        by: "peer",
        code: "closed",
        message: "the peer closed the connection",
      });
    } else {
      this.cut({
        by: "peer",
        code: "lost",
        message: "the connection was lost",
        error,
      });
    }
  }

  async close({ graceMs }: CloseOptions = {}): Promise<void> {
    this.#beginClose(CLOSED_HERE);
    if (this.#parts.lifecycle.state.kind === "closed") {
      // Requests that came before the end are not wanted any more, either.
      this.#requests.dropUnread();
    } else {
      this.#cutAfter(graceMs ?? FLUSH_MS);
      if (graceMs === undefined || this.#requests.size === 0) this.#finish();
    }
    await this.closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * Closes the channel of a peer that the layer above does not admit, once
   * queued data is written.
   */
  dismiss(reason: CloseReason): void {
    this.#options.counts.refusedPeers++;
    this.#beginClose(reason);
    this.close();
  }

  #beginClose(reason: CloseReason): void {
    if (this.#parts.lifecycle.state.kind !== "open") return;
    this.#parts.lifecycle.enter("closing", reason);
    this.#requests.close();
  }

  /** Ends the close in progress after `timeMs`, or earlier if that was set. */
  #cutAfter(timeMs: number): void {
    if (this.#cutTimeout !== null) {
      if (this.#cutTimeout.dueAt <= world.now() + timeMs) return;
      this.#cutTimeout.stop();
    }
    if (timeMs <= 0) return this.#endClose();
    this.#cutTimeout = this.timers.start(
      "end of a close",
      timeMs,
      () => this.#endClose(),
      { keepsAlive: true },
    );
  }

  /** Ends the stream of a closing channel, once queued data is written. */
  #finish(): void {
    const { state } = this.#parts.lifecycle;
    if (state.kind !== "closing") return;
    this.#parts.lifecycle.enter("finishing", state.reason);
    this.#requests.loseAll();
    this.#finishIfWritten();
  }

  #finishIfWritten(): void {
    if (this.#parts.lifecycle.state.kind !== "finishing") return;
    if (this.#parts.queue.waiting === 0) this.#connection.finish();
  }

  #endClose(): void {
    const { state } = this.#parts.lifecycle;
    if (state.kind !== "open") this.cut(state.reason);
  }

  /** Ends the connection of a peer that broke the protocol. */
  #breakOff(error: unknown): void {
    const isAwaited = this.#calls.size > 0;
    const message = error instanceof Error ? error.message : String(error);
    this.cut({ by: "error", code: "protocol", message, error });
    if (!isAwaited) this.#options.onProtocolError(error);
  }

  /** Returns whether either side waits for an answer. */
  isBusy(): boolean {
    return this.#calls.size > 0 || this.#requests.size > 0;
  }

  /** Ends the connection of a peer that broke a limit. */
  cutOver(code: CutCode): void {
    if (this.#parts.lifecycle.state.kind === "closed") return;
    this.#options.counts.cutConnections++;
    this.cut(cutReason(code));
  }

  /** Ends the connection at once. The one way to `closed`. */
  cut(reason: CloseReason): void {
    if (this.#parts.lifecycle.state.kind === "closed") return;
    this.#parts.lifecycle.enter("closed", reason);
    this.timers.end();
    this.#connection.close();
    this.#calls.end();
    this.#parts.queue.end(() => this.#parts.lifecycle.error("drain"));
    this.#requests.loseAll();
    this.budget.end();
    this.#requests.endInbox();
    observed.by?.closed(this);
    this.#parts.lifecycle.announce(reason);
  }

  /** Returns why the connection ended, as an error, or `null` while it lives. */
  lossError(): Error | null {
    return this.#parts.lifecycle.state.kind === "closed"
      ? this.#parts.lifecycle.error("answer")
      : null;
  }

  /** Returns whether `error` reports the end of this channel. */
  isOwnEnd(error: unknown): boolean {
    return this.#parts.lifecycle.isOwn(error);
  }

  /** Sets what hears of each answer that finds the connection gone. */
  set onDropped(listener: () => void) {
    this.#requests.onDropped = listener;
  }

  stats(): ChannelStats {
    const calls = this.#calls;
    const requests = this.#requests;
    return {
      pendingCalls: calls.size,
      waitingCalls: this.#parts.queue.waiting,
      unansweredRequests: requests.size,
      heldBytes: this.budget.bytes,
      unreadRequests: requests.inbox.size,
      queuedBytes: this.#connection.queuedBytes,
      calls: calls.made,
      failedCalls: calls.failed,
      timedOutCalls: calls.timedOut,
      abortedCalls: calls.aborted,
      lostCalls: calls.lost,
      requests: requests.taken,
      failedRequests: requests.failed,
      lostRequests: requests.lost,
      refusedRequests: requests.refused,
      droppedReplies: requests.droppedReplies,
      lateReplies: calls.lateReplies,
      framesIn: this.#parts.arrivals.frames,
      framesOut: this.#parts.queue.framesOut,
      bytesIn: this.#connection.receivedBytes,
      bytesOut: this.#connection.writtenBytes,
    };
  }

  ref(): void {
    this.#connection.ref();
  }

  unref(): void {
    this.#connection.unref();
  }
}
