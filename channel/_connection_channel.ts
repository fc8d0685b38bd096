// Longer than most files: one class is both the public channel and the receiver
// of frames. Its parts have files of their own.
import {
  FrameTooLargeError,
  MismatchError,
  ProtocolError,
} from "../transports/errors.ts";
import {
  FramedConnection,
  type FrameReceiver,
} from "../transports/frames/framed_connection.ts";
import { observed, privateSlot, world } from "../transports/internal.ts";
import type { Connection } from "../transports/transport.ts";
import type { UpgradeRequest } from "../transports/upgrade_request.ts";
import {
  ChannelCounters,
  type ChannelState,
  type ConnectionChannelOptions,
  connectionClosed,
  type CutCode,
  cutReason,
} from "./_context.ts";
import type { ChannelHooks } from "./_hooks.ts";
import { MessageCodec } from "./_message_codec.ts";
import { mismatchOf, toldMismatch } from "./codecs/_mismatch.ts";
import type {
  Channel,
  ChannelStats,
  CloseOptions,
  SendOptions,
} from "./channel.ts";
import type { CloseReason, ConnectionClosedError } from "./errors.ts";
import { Arrivals } from "./limits/_arrivals.ts";
import { Budget } from "./limits/budget.ts";
import type { Limits } from "./limits/limits.ts";
import { readThrown, REQUEST } from "./message.ts";
import type { IncomingRequest, Request } from "./request.ts";
import { IncomingRequests } from "./tables/_incoming_requests.ts";
import { OutgoingCalls } from "./tables/_outgoing_calls.ts";
import type { ChannelParts } from "./tables/_parts.ts";
import { SendQueue } from "./tables/_send_queue.ts";
import { type Timeout, Timers } from "./timers/_timers.ts";

/** The longest time for writing queued data in a close without `graceMs`. */
const FLUSH_MS = 1_000;

const CLOSED_HERE: CloseReason = {
  by: "local",
  code: "closed",
  message: "this side closed the channel",
};

const CLOSED_BY_PEER: CloseReason = {
  by: "peer",
  code: "closed",
  message: "the peer closed the connection",
};

const OPEN: ChannelState = { kind: "open" };

/** Maps each error about the end of a channel to that channel. */
const owners = privateSlot<ConnectionChannel>();

/**
 * Starts a new channel: calls {@linkcode ConnectionChannel.start} with the
 * hooks of a layer, and returns that layer's object for the channel.
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
 * The channel on a connection. It receives frames, passes messages on to its
 * calls and requests, and ends each of its parts once. The parts get the
 * channel itself.
 */
export class ConnectionChannel implements Channel, FrameReceiver, ChannelParts {
  readonly connection: FramedConnection;
  readonly options: ConnectionChannelOptions;
  /** The limits of this connection. */
  readonly limits: Limits;
  hooks: ChannelHooks = {};
  /** The state, which only moves forward. */
  state: ChannelState = OPEN;
  /** The counts so far. `counts.calls` is also the id of the next call. */
  readonly counts: ChannelCounters = new ChannelCounters();
  /** Set by {@linkcode Totals}. */
  totals: ChannelCounters | null = null;
  /** The timers of everything on this connection; they end with it. */
  readonly timers: Timers = new Timers(this);
  /** The memory that the peer makes this side hold. */
  readonly budget: Budget;
  readonly codec: MessageCodec;
  readonly queue: SendQueue;
  readonly arrivals: Arrivals;
  /** The calls of this side, including those of the layer above. */
  readonly calls: OutgoingCalls;
  readonly closed: Promise<CloseReason>;

  readonly #below: Connection;
  readonly #resolveClosed: (reason: CloseReason) => void;
  readonly #requests: IncomingRequests;
  /**
   * Whether incoming frames are ignored because the peer uses another codec.
   */
  #isDeaf = false;
  /** Cuts the connection when a close takes too long. */
  #cutTimeout: Timeout | null = null;

  /** Takes ownership of `connection`. Reads nothing from it before `start`. */
  constructor(connection: Connection, options: ConnectionChannelOptions) {
    const { limits } = options;
    this.#below = connection;
    this.connection = new FramedConnection(connection, limits.frames.maxBytes);
    this.options = options;
    this.limits = limits;
    const { promise, resolve } = Promise.withResolvers<CloseReason>();
    this.closed = promise;
    this.#resolveClosed = resolve;
    observed.by?.opened(
      this,
      "channel",
      () => `${this.localAddress} to ${this.remoteAddress}`,
    );
    observed.by?.owned(connection, this);
    this.budget = new Budget(limits.requests.maxHeldBytes, options.budget);
    this.codec = new MessageCodec(this);
    this.queue = new SendQueue(this);
    this.arrivals = new Arrivals(this);
    this.calls = new OutgoingCalls(this);
    this.#requests = new IncomingRequests(this);
  }

  get localAddress(): string {
    return this.#below.localAddress;
  }

  get remoteAddress(): string {
    return this.#below.remoteAddress;
  }

  get peerName(): string | null {
    return this.#below.peerName ?? null;
  }

  /** The HTTP request that opened the connection, or `null` without one. */
  get request(): UpgradeRequest | null {
    return this.#below.request ?? null;
  }

  /** Starts to read. Call this once, before anything else. */
  start(hooks: ChannelHooks = {}): void {
    this.hooks = hooks;
    this.codec.start();
    this.connection.start(this);
  }

  send(content: unknown, options: SendOptions = {}): Promise<unknown> {
    if (observed.by === null) return this.calls.send(content, options);
    const { signal, timeoutMs } = options;
    const report = { subject: {}, path: null, args: [content] };
    return this.calls.send(content, { signal, timeoutMs, report });
  }

  async drained(): Promise<void> {
    await this.queue.room();
    if (this.state.kind === "closed") throw this.endError("drain");
  }

  recv(): Promise<Request> {
    return this.#requests.inbox.recv();
  }

  [Symbol.asyncIterator](): AsyncIterator<Request, undefined> {
    return this.#requests.inbox[Symbol.asyncIterator]();
  }

  /**
   * Revives a request that admission has held back. Returns `false` if that
   * fails: the request was then answered, or the connection was ended.
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
    const cutCode = this.arrivals.frame(payload.length);
    if (cutCode !== null) return this.cutOver(cutCode);
    if (this.#isDeaf) return;
    const isFirst = this.counts.framesIn === 1;
    try {
      const message = this.codec.decode(
        payload,
        this.arrivals.maxWeight,
      );
      const told = isFirst ? toldMismatch(message) : null;
      if (told !== null) throw told;
      if (message.type === REQUEST) {
        this.#requests.receive(message, payload.length);
      } else {
        this.calls.receive(message, payload.length);
      }
    } catch (error) {
      const { codec } = this.options;
      const mismatch = isFirst && !(error instanceof MismatchError)
        ? mismatchOf(payload, codec)
        : null;
      this.#breakOff(mismatch ?? error);
    }
  }

  partial(heldBytes: number): void {
    const cutCode = this.arrivals.partial(heldBytes);
    if (cutCode !== null) this.cutOver(cutCode);
  }

  written(): void {
    this.queue.written();
    this.#finishIfWritten();
  }

  end(error: unknown): void {
    if (this.#isDeaf) {
      this.#endClose();
    } else if (
      error instanceof ProtocolError || error instanceof FrameTooLargeError
    ) {
      this.#breakOff(error);
    } else if (this.state.kind !== "open") {
      this.#endClose();
    } else if (error === null) {
      this.cut(CLOSED_BY_PEER);
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
    if (graceMs !== undefined && this.state.kind === "open") {
      this.hooks.onClosing?.();
    }
    this.#beginClose(CLOSED_HERE);
    if (this.state.kind === "closed") {
      // Nobody will read the requests that arrived before the end.
      this.#requests.dropUnread();
    } else {
      this.#cutAfter(graceMs ?? FLUSH_MS);
      if (graceMs === undefined) this.finish();
      else this.finishIfIdle();
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
    this.options.serverCounts.refusedPeers++;
    this.#beginClose(reason);
    this.close();
  }

  #beginClose(reason: CloseReason): void {
    if (this.state.kind !== "open") return;
    this.state = { kind: "closing", reason };
    this.#requests.close();
  }

  /** Ends the close in progress after `timeMs`. An earlier deadline stays. */
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

  /**
   * Whether requests of the peer are unanswered, or the layer above serves it.
   */
  get isServing(): boolean {
    return this.#requests.size > 0 || this.hooks.isServing?.() === true;
  }

  /**
   * Whether requests can be sent. While the peer is served, they may be needed.
   */
  get canSend(): boolean {
    const { kind } = this.state;
    return kind === "open" || kind === "closing" && this.isServing;
  }

  /** Finishes a close with grace if nothing is served any more. */
  finishIfIdle(): void {
    if (this.state.kind === "closing" && !this.isServing) this.finish();
  }

  /**
   * Ends the connection if neither side waits for an answer and no data is
   * queued. For a peer that closes and sends nothing more, and that would
   * otherwise have to wait for the end.
   */
  leaveIfIdle(): void {
    if (this.state.kind !== "open" || this.isBusy()) return;
    if (!this.queue.isEmpty) return;
    this.#beginClose(CLOSED_BY_PEER);
    this.state = { kind: "finishing", reason: CLOSED_BY_PEER };
    this.connection.leave();
  }

  /** Ends the stream of a closing channel after queued data is written. */
  finish(): void {
    const { state } = this;
    if (state.kind !== "closing") return;
    this.state = { kind: "finishing", reason: state.reason };
    this.#requests.loseAll();
    this.#finishIfWritten();
  }

  #finishIfWritten(): void {
    if (this.state.kind !== "finishing") return;
    if (this.queue.isEmpty) this.connection.finish();
  }

  #endClose(): void {
    const { state } = this;
    if (state.kind !== "open") this.cut(state.reason);
  }

  /** Ends the connection of a peer that broke the protocol. */
  #breakOff(error: unknown): void {
    const isAwaited = this.calls.size > 0;
    const { message } = readThrown(error);
    const mismatch = error instanceof MismatchError ? error : null;
    const code = mismatch?.code ?? "protocol";
    const reason: CloseReason = { by: "error", code, message, error };
    if (mismatch?.code === "codec" && mismatch.answer !== null) {
      this.#dismissDeaf(reason, mismatch.answer);
    } else {
      this.cut(reason);
    }
    if (!isAwaited) {
      this.options.onProtocolError(error, this.remoteAddress);
    }
  }

  /**
   * Tells a peer with another codec about the mismatch, then closes the
   * channel.
   */
  #dismissDeaf(reason: CloseReason, failure: Uint8Array): void {
    this.#isDeaf = true;
    this.#beginClose(reason);
    this.queue.write(failure);
    this.close();
  }

  /** Returns whether either side waits for an answer. */
  isBusy(): boolean {
    return this.calls.size > 0 || this.#requests.size > 0;
  }

  /** Ends the connection of a peer that broke a limit. */
  cutOver(code: CutCode): void {
    if (this.state.kind === "closed") return;
    this.options.serverCounts.cutConnections++;
    this.cut(cutReason(code));
  }

  /** Ends the connection at once. The only way to `closed`. */
  cut(reason: CloseReason): void {
    if (this.state.kind === "closed") return;
    this.state = { kind: "closed", reason };
    this.timers.end();
    this.connection.close();
    this.calls.end();
    this.queue.end();
    this.#requests.loseAll();
    this.budget.end();
    this.#requests.endInbox();
    observed.by?.closed(this);
    this.#resolveClosed(reason);
  }

  /** Whether the connection has ended. */
  get hasEnded(): boolean {
    return this.state.kind === "closed";
  }

  /** Returns why the connection ended, as an error, or `null` while it lives. */
  lossError(): Error | null {
    return this.hasEnded ? this.endError("answer") : null;
  }

  endError(act: string, sent = false): ConnectionClosedError {
    if (this.state.kind === "open") {
      throw new TypeError(`Cannot stop '${act}': the channel is open`);
    }
    const error = connectionClosed(act, this.state.reason, sent);
    owners.set(error, this);
    return error;
  }

  /** Returns whether `error` reports the end of this channel. */
  isOwnEnd(error: unknown): boolean {
    // A handler may throw any value, such as a proxy whose traps throw.
    return owners.get(error) === this;
  }

  stats(): ChannelStats {
    const { connection } = this;
    return {
      ...this.counts,
      bytesIn: connection.receivedBytes,
      bytesOut: connection.writtenBytes,
      pendingCalls: this.calls.size,
      waitingCalls: this.calls.waiting,
      unansweredRequests: this.#requests.size,
      heldBytes: this.budget.bytes,
      unreadRequests: this.#requests.unread,
      queuedBytes: connection.queuedBytes,
    };
  }

  ref(): void {
    this.timers.ref();
    this.connection.ref();
  }

  unref(): void {
    this.timers.unref();
    this.connection.unref();
  }
}
