/**
 * The channel on a connection: where ids, pending calls, unanswered requests
 * and the end of it all come together. One class, since each of its moves
 * concerns several of the tables, and whatever ends the connection must empty
 * them all at once.
 */
import { FrameTooLargeError, ProtocolError } from "../transports/errors.ts";
import { lifetime } from "../transports/lifetime.ts";
import type { Connection, FrameReceiver } from "../transports/transport.ts";
import { CallTable, type PendingCall } from "./_call_table.ts";
import type {
  Channel,
  ChannelStats,
  CloseOptions,
  SendOptions,
} from "./channel.ts";
import type { Codec } from "./codecs/codec.ts";
import { TypeTable } from "./codecs/type_table.ts";
import {
  type CloseReason,
  ConnectionClosedError,
  QueueFullError,
  RemoteError,
  SerializationError,
  ServerBusyError,
} from "./errors.ts";
import { Inbox } from "./_inbox.ts";
import type { Limits } from "./limits.ts";
import {
  FAILURE,
  failureText,
  type Message,
  parseFailure,
  parseMessage,
  REQUEST,
  RESULT,
} from "./message.ts";
import { type Answerer, IncomingRequest, type Request } from "./request.ts";
import { SlowPeerWatch } from "./_slow_peer.ts";

/** For how long a close without `graceMs` writes what is queued. */
const FLUSH_MS = 1_000;

const NOTHING_TO_WAIT_FOR: Promise<void> = Promise.resolve();

/** Whose end an error tells of, by which a server knows a handler's normal end. */
const ownEnds = new WeakMap<ConnectionClosedError, Channel>();

/** Counts that all channels of one server share. */
export interface SharedCounts {
  /** Payloads of unanswered requests, in bytes. */
  unansweredBytes: number;
}

/** What a {@linkcode ConnectionChannel} is made with. */
export interface ConnectionChannelOptions {
  readonly codec: Codec;
  readonly types: TypeTable;
  readonly limits: Limits;
  readonly timeoutMs: number;
  readonly shared: SharedCounts;
  /** Hears of a peer's breach of the protocol that no call was rejected with. */
  readonly onProtocolError: (error: unknown) => void;
}

/**
 * `open`: all is allowed. `closing`: no new requests and calls; answers are
 * still sent. `finishing`: what is queued is written, then the stream ended.
 * `closed`: the connection is gone and every table empty.
 */
type State =
  | { readonly kind: "open" }
  | { readonly kind: "closing" | "finishing"; readonly reason: CloseReason }
  | { readonly kind: "closed"; readonly reason: CloseReason };

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class ConnectionChannel implements Channel, FrameReceiver, Answerer {
  readonly closed: Promise<CloseReason>;

  readonly #connection: Connection;
  readonly #options: ConnectionChannelOptions;
  readonly #calls: CallTable;
  /** Calls whose frames wait for room in the connection's queue. */
  readonly #waiting = new Set<PendingCall>();
  readonly #requests = new Map<number, IncomingRequest>();
  readonly #inbox = new Inbox<IncomingRequest>();
  readonly #slowPeer: SlowPeerWatch;
  readonly #resolveClosed: (reason: CloseReason) => void;
  #state: State = { kind: "open" };
  #drainWaiters: Waiter[] = [];
  #cutTimer: { id: ReturnType<typeof setTimeout>; at: number } | null = null;

  #unansweredBytes = 0;
  #framesIn = 0;
  #framesOut = 0;
  #droppedReplies = 0;
  #lateReplies = 0;
  #refusedRequests = 0;

  constructor(connection: Connection, options: ConnectionChannelOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#calls = new CallTable({
      owner: this,
      timeoutMs: options.timeoutMs,
      withdraw: (call) => this.#withdraw(call),
    });
    this.#slowPeer = new SlowPeerWatch(
      connection,
      options.limits,
      () => this.#end({ by: "error", reason: "slow-peer" }),
    );
    const { promise, resolve } = Promise.withResolvers<CloseReason>();
    this.closed = promise;
    this.#resolveClosed = resolve;
    lifetime.observer?.opened(
      this,
      "channel",
      () => `${this.localAddress} to ${this.remoteAddress}`,
    );
    lifetime.observer?.owned(connection, this);
    connection.start(this);
  }

  get localAddress(): string {
    return this.#connection.localAddress;
  }

  get remoteAddress(): string {
    return this.#connection.remoteAddress;
  }

  get peer(): string | null {
    return this.#connection.peer;
  }

  // Calls of this side

  send(content: unknown, options: SendOptions = {}): Promise<unknown> {
    try {
      return this.#send(content, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #send(content: unknown, options: SendOptions): Promise<unknown> {
    if (this.#state.kind !== "open") {
      throw this.#closedError("send", this.#state.reason, false);
    }
    options.signal?.throwIfAborted();
    if (options.timeoutMs !== undefined) checkTimeout(options.timeoutMs);
    const { maxPendingCalls, maxQueuedBytes } = this.#options.limits;
    if (this.#calls.size >= maxPendingCalls) {
      throw new QueueFullError(
        `Cannot send: ${this.#calls.size} calls are pending, await some of them or raise 'maxPendingCalls'`,
        maxPendingCalls,
      );
    }
    const id = this.#calls.nextId;
    const payload = this.#encode(REQUEST, id, content);
    if (
      this.#waiting.size > 0 || this.#connection.queuedBytes > maxQueuedBytes
    ) {
      const bytes = this.#toBytes(payload);
      const { call, reply } = this.#calls.add(options, -1, bytes);
      this.#waiting.add(call);
      return reply;
    }
    const position = this.#write(payload);
    return this.#calls.add(options, position, null).reply;
  }

  /** A payload that must wait is held as bytes, and checked before it does. */
  #toBytes(payload: string | Uint8Array): Uint8Array {
    const bytes = typeof payload === "string"
      ? new TextEncoder().encode(payload)
      : payload;
    const { maxFrameBytes } = this.#options.limits;
    if (bytes.length > maxFrameBytes) {
      throw new FrameTooLargeError(
        `Cannot send frame: ${bytes.length} bytes are over the limit of ${maxFrameBytes}, send less at once or raise 'maxFrameBytes' on both sides`,
        bytes.length,
        maxFrameBytes,
      );
    }
    return bytes;
  }

  /** Takes back the frame of a call given up; tells if it may have run. */
  #withdraw(call: PendingCall): boolean {
    if (this.#waiting.delete(call)) return false;
    return !this.#connection.revoke(call.position);
  }

  drained(): Promise<void> {
    if (this.#state.kind === "closed") {
      return Promise.reject(
        this.#closedError("drain", this.#state.reason, false),
      );
    }
    if (this.#hasRoom()) return NOTHING_TO_WAIT_FOR;
    return new Promise((resolve, reject) =>
      this.#drainWaiters.push({ resolve, reject })
    );
  }

  #hasRoom(): boolean {
    return this.#waiting.size === 0 &&
      this.#connection.queuedBytes <= this.#options.limits.maxQueuedBytes;
  }

  // Requests of the other side

  recv(): Promise<Request> {
    return this.#inbox.recv();
  }

  [Symbol.asyncIterator](): AsyncIterator<Request, undefined> {
    return this.#inbox[Symbol.asyncIterator]();
  }

  answer(
    request: IncomingRequest,
    type: typeof RESULT | typeof FAILURE,
    content: unknown,
  ): Promise<void> {
    if (this.#requests.get(request.id) !== request) {
      this.#droppedReplies++;
      return NOTHING_TO_WAIT_FOR;
    }
    this.#requests.delete(request.id);
    this.#countUnanswered(-request.bytes);
    try {
      this.#writeAnswer(type, request.id, content);
    } catch (error) {
      this.#writeAnswer(FAILURE, request.id, error);
      return Promise.reject(error);
    } finally {
      this.#proceedWithClose();
    }
    return this.#connection.queuedBytes > this.#options.limits.maxQueuedBytes
      ? this.#roomForAnswers()
      : NOTHING_TO_WAIT_FOR;
  }

  /** Like `drained`, but an answer that is lost later is not its sender's care. */
  async #roomForAnswers(): Promise<void> {
    await this.drained().catch(() => {});
  }

  #writeAnswer(
    type: typeof RESULT | typeof FAILURE,
    id: number,
    content: unknown,
  ): void {
    const failed = type === FAILURE && content instanceof Error;
    this.#write(
      this.#encode(type, id, failed ? failureText(content) : content),
    );
  }

  lossError(): Error | null {
    return this.#state.kind === "closed"
      ? this.#closedError("answer", this.#state.reason, false)
      : null;
  }

  #countUnanswered(bytes: number): void {
    this.#unansweredBytes += bytes;
    this.#options.shared.unansweredBytes += bytes;
  }

  // Frames

  #encode(type: number, id: number, content: unknown): string | Uint8Array {
    const { codec, types } = this.#options;
    const packed = types.pack(content, codec.carries);
    lifetime.observer?.message(this, "out", type, id, packed);
    try {
      return codec.encode([type, id, packed]);
    } catch (cause) {
      throw new SerializationError(
        `Cannot encode as ${codec.name}: ${
          cause instanceof Error ? cause.message : cause
        }`,
        [],
        { cause },
      );
    }
  }

  #write(payload: string | Uint8Array): number {
    const position = this.#connection.send(payload);
    this.#framesOut++;
    this.#slowPeer.queued();
    return position;
  }

  frame(payload: Uint8Array): void {
    this.#framesIn++;
    try {
      const message = parseMessage(this.#options.codec.decode(payload));
      lifetime.observer?.message(
        this,
        "in",
        message.type,
        message.id,
        message.content,
      );
      if (message.type === REQUEST) this.#onRequest(message, payload.length);
      else this.#onReply(message);
    } catch (error) {
      this.#onProtocolError(
        error instanceof ProtocolError ? error : new ProtocolError(
          `Cannot decode message as ${this.#options.codec.name}: ${
            error instanceof Error ? error.message : error
          }`,
          { cause: error },
        ),
      );
    }
  }

  #onRequest({ id, content }: Message, bytes: number): void {
    if (this.#state.kind === "finishing") return;
    if (this.#requests.has(id)) {
      throw new ProtocolError(
        `Cannot take request ${id}: another with this id is not answered yet`,
      );
    }
    const refusal = this.#refusal(bytes);
    if (refusal !== null) return this.#refuse(id, refusal);
    let revived: unknown;
    try {
      revived = this.#options.types.unpack(content);
    } catch (error) {
      if (!(error instanceof SerializationError)) throw error;
      return void this.#writeAnswer(FAILURE, id, error);
    }
    const request = new IncomingRequest(this, id, revived, bytes);
    this.#requests.set(id, request);
    this.#countUnanswered(bytes);
    this.#inbox.push(request);
  }

  /** Why a request of `bytes` is not taken, or `null`. */
  #refusal(bytes: number): string | null {
    const { limits, shared } = this.#options;
    if (this.#state.kind !== "open") return "the channel is closing";
    if (this.#requests.size >= limits.maxUnansweredRequests) {
      return `${this.#requests.size} requests are unanswered`;
    }
    if (this.#unansweredBytes + bytes > limits.maxUnansweredBytes) {
      return `${this.#unansweredBytes} bytes of requests are unanswered`;
    }
    if (shared.unansweredBytes + bytes > limits.maxServerUnansweredBytes) {
      return `${shared.unansweredBytes} bytes of requests are unanswered at this server`;
    }
    if (this.#slowPeer.isBacklogged) return "too many replies are not read";
    return null;
  }

  #refuse(id: number, why: string): void {
    this.#refusedRequests++;
    this.#writeAnswer(
      FAILURE,
      id,
      new ServerBusyError(`Cannot take request: ${why}, try again later`),
    );
  }

  #onReply({ type, id, content }: Message): void {
    const call = this.#calls.take(id);
    if (call === undefined) {
      this.#lateReplies++;
      return;
    }
    // An answer to what was not even sent; a wrong peer, but not our harm.
    this.#waiting.delete(call);
    let revived: unknown;
    try {
      revived = this.#options.types.unpack(content);
    } catch (error) {
      call.reject(error);
      if (!(error instanceof SerializationError)) throw error;
      return;
    }
    if (type === RESULT) call.resolve(revived);
    else call.reject(this.#remoteError(revived));
  }

  #remoteError(content: unknown): RemoteError | ServerBusyError {
    const { name, message, stack, code } = parseFailure(content);
    if (name === "ServerBusyError") return new ServerBusyError(message);
    return new RemoteError(message, {
      remoteName: name,
      remoteStack: stack,
      origin: this.remoteAddress,
      code,
      content,
    });
  }

  written(): void {
    const { maxQueuedBytes } = this.#options.limits;
    for (const call of this.#waiting) {
      if (this.#connection.queuedBytes > maxQueuedBytes) return;
      this.#waiting.delete(call);
      call.position = this.#write(call.payload!);
      call.payload = null;
    }
    if (this.#state.kind === "finishing") this.#connection.finish();
    if (!this.#hasRoom()) return;
    for (const waiter of this.#drainWaiters.splice(0)) waiter.resolve();
  }

  // The end

  end(error: unknown): void {
    if (error === null) {
      this.#end(
        this.#closeReason() ?? {
          by: "peer",
          reason: "the peer closed the connection",
        },
      );
    } else if (
      error instanceof ProtocolError || error instanceof FrameTooLargeError
    ) {
      this.#onProtocolError(error);
    } else {
      this.#end(
        this.#closeReason() ?? {
          by: "peer",
          reason: "the connection was lost",
          error,
        },
      );
    }
  }

  /** The reason of a close in progress. */
  #closeReason(): CloseReason | null {
    return this.#state.kind === "open" ? null : this.#state.reason;
  }

  #onProtocolError(error: Error): void {
    const isAwaited = this.#calls.size > 0;
    this.#end({ by: "error", reason: error.message, error });
    if (!isAwaited) this.#options.onProtocolError(error);
  }

  async close({ graceMs }: CloseOptions = {}): Promise<void> {
    if (this.#state.kind === "open") {
      this.#state = {
        kind: "closing",
        reason: { by: "local", reason: "this side closed the channel" },
      };
      this.#endInbox();
      for (const request of this.#inbox.clear()) this.#refuseUnread(request);
    }
    if (this.#state.kind === "closed") this.#inbox.clear();
    else this.#cutAfter(graceMs ?? FLUSH_MS);
    if (graceMs === undefined) this.#finish();
    else this.#proceedWithClose();
    await this.closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** A request that no handler has seen can be refused with a good conscience. */
  #refuseUnread(request: IncomingRequest): void {
    this.#requests.delete(request.id);
    this.#countUnanswered(-request.bytes);
    this.#refuse(request.id, "the channel is closing");
  }

  #endInbox(): void {
    const reason = this.#closeReason()!;
    this.#inbox.end(
      () => this.#closedError("recv", reason, false),
      reason.by !== "error",
    );
  }

  /** Once everything is answered, a close goes on to its next part. */
  #proceedWithClose(): void {
    if (this.#state.kind === "closing" && this.#requests.size === 0) {
      this.#finish();
    }
  }

  #finish(): void {
    if (this.#state.kind !== "closing") return;
    this.#state = { kind: "finishing", reason: this.#state.reason };
    this.#loseRequests();
    if (this.#waiting.size === 0) this.#connection.finish();
  }

  /** Brings the cut forward to `graceMs` from now; never puts it off. */
  #cutAfter(graceMs: number): void {
    if (graceMs <= 0) return this.#cut();
    const at = performance.now() + graceMs;
    if (this.#cutTimer !== null) {
      if (this.#cutTimer.at <= at) return;
      this.#stopCutTimer();
    }
    const id = setTimeout(() => this.#cut(), Math.min(graceMs, 2 ** 31 - 1));
    this.#cutTimer = { id, at };
    lifetime.observer?.opened(this.#cutTimer, "timer", () => "end of a close");
    lifetime.observer?.owned(this.#cutTimer, this);
  }

  #cut(): void {
    this.#end(this.#closeReason()!);
  }

  #stopCutTimer(): void {
    if (this.#cutTimer === null) return;
    clearTimeout(this.#cutTimer.id);
    lifetime.observer?.closed(this.#cutTimer);
    this.#cutTimer = null;
  }

  /** The one way to `closed`: empties every table, once. */
  #end(reason: CloseReason): void {
    if (this.#state.kind === "closed") return;
    this.#state = { kind: "closed", reason };
    this.#stopCutTimer();
    this.#slowPeer.stop();
    const wasSent = (call: PendingCall) =>
      call.position >= 0 && this.#connection.isSent(call.position);
    this.#connection.close();
    this.#waiting.clear();
    this.#calls.rejectAll((call) =>
      this.#closedError("wait for a reply", reason, wasSent(call))
    );
    this.#loseRequests();
    this.#endInbox();
    for (const waiter of this.#drainWaiters.splice(0)) {
      waiter.reject(this.#closedError("drain", reason, false));
    }
    lifetime.observer?.closed(this);
    this.#resolveClosed(reason);
  }

  #loseRequests(): void {
    const requests = [...this.#requests.values()];
    this.#requests.clear();
    this.#countUnanswered(-this.#unansweredBytes);
    const reason = this.#closeReason()!;
    for (const request of requests) {
      request.lose(this.#closedError("answer", reason, false));
    }
  }

  #closedError(
    act: string,
    reason: CloseReason,
    sent: boolean,
  ): ConnectionClosedError {
    const error = new ConnectionClosedError(
      `Cannot ${act}: ${reason.reason}`,
      reason,
      sent,
    );
    ownEnds.set(error, this);
    return error;
  }

  /** Whether `error` tells of this channel's own end. */
  isOwnEnd(error: unknown): boolean {
    return error instanceof ConnectionClosedError &&
      ownEnds.get(error) === this;
  }

  stats(): ChannelStats {
    return {
      pendingCalls: this.#calls.size,
      waitingCalls: this.#waiting.size,
      unansweredRequests: this.#requests.size,
      unansweredBytes: this.#unansweredBytes,
      unreadRequests: this.#inbox.size,
      queuedBytes: this.#connection.queuedBytes,
      framesIn: this.#framesIn,
      framesOut: this.#framesOut,
      bytesIn: this.#connection.receivedBytes,
      bytesOut: this.#connection.writtenBytes,
      droppedReplies: this.#droppedReplies,
      lateReplies: this.#lateReplies,
      refusedRequests: this.#refusedRequests,
    };
  }

  ref(): void {
    this.#connection.ref();
  }

  unref(): void {
    this.#connection.unref();
  }
}

function checkTimeout(timeoutMs: number): void {
  if (timeoutMs >= 0) return;
  throw new RangeError(
    `Cannot send: 'timeoutMs' is ${timeoutMs}, it must be 0 or more`,
  );
}
