// Longer than most files: each move of a channel concerns several of its tables,
// and their parts that stand alone are in files of their own.
import { FrameTooLargeError, ProtocolError } from "../transports/errors.ts";
import { observed, world } from "../transports/internal.ts";
import type { Connection, FrameReceiver } from "../transports/transport.ts";
import { ArrivalWatch } from "./limits/_arrival_watch.ts";
import { connectionClosed, type CutCode, cutReason } from "./_close_reasons.ts";
import { Budget } from "./limits/budget.ts";
import {
  CallTable,
  type CallTerms,
  type PendingCall,
} from "./tables/_call_table.ts";
import type {
  Channel,
  ChannelStats,
  CloseOptions,
  SendOptions,
} from "./channel.ts";
import {
  type CloseReason,
  type ConnectionClosedError,
  QueueFullError,
  RemoteError,
  SerializationError,
  ServerBusyError,
} from "./errors.ts";
import {
  FAILURE,
  failureText,
  type Message,
  parseFailure,
  REQUEST,
  RESULT,
  shortFailureText,
} from "./message.ts";
import {
  type ArrivalContext,
  replyArrived,
  REQUEST_ARRIVED,
} from "./message_context.ts";
import { maxMessageWeight } from "./codecs/types/_weight.ts";
import type { ChannelHooks } from "./_hooks.ts";
import { MessageCodec } from "./_message_codec.ts";
import type { ResolvedOptions } from "./options.ts";
import type { Limits } from "./limits/limits.ts";
import { rawWeight } from "./limits/_raw_weight.ts";
import { Rates } from "./limits/_rates.ts";
import { type Answerer, IncomingRequest, type Request } from "./request.ts";
import { RequestTable } from "./tables/_request_table.ts";
import { SendQueue } from "./tables/_send_queue.ts";
import type { SharedCounts } from "./tables/_shared_counts.ts";
import { type Timeout, Timers } from "./timers/_timers.ts";

/** For how long a close without `graceMs` writes what is queued. */
const FLUSH_MS = 1_000;

/**
 * What a request takes beside its content: 100 to 130 bytes here, 500 with the
 * call of RPC that runs for it, and up to 2,000 where that asks for its signal.
 */
const REQUEST_BYTES = 1_024;

/** About what a request takes on the wire that asks for items of a stream. */
const PACED_BYTES = 40;

/** So many requests of a stranger are refused before it is cut off. */
const STRANGER_REFUSALS = 256;

/** Parts of frames up to this length fit the buffer of an idle connection. */
const UNCOUNTED_BYTES = 4 * 1024;

/** What an answer that left at once returns: it needs no one to listen. */
export const ANSWERED: Promise<void> = Promise.resolve();

const CLOSED_HERE: CloseReason = {
  by: "local",
  code: "closed",
  message: "this side closed the channel",
};

const encoder = new TextEncoder();

/** Whose end an error tells of, by which a server knows a handler's normal end. */
const ownEnds = new WeakMap<ConnectionClosedError, Channel>();

/** What a {@linkcode ConnectionChannel} is made with. */
export interface ConnectionChannelOptions
  extends Omit<ResolvedOptions, "onError"> {
  /** Counts that it shares with the other channels of its server. */
  readonly shared: SharedCounts;
  /** Hears of a peer's breach of the protocol that no call was rejected with. */
  readonly onProtocolError: (error: unknown) => void;
  /**
   * Is called when the peer has said the first thing that this side takes.
   * Only for a connection that was accepted: until then its peer is a stranger,
   * who may hold no more than `limits.requests.maxUnadmittedBytes`.
   */
  readonly onSpoken?: () => void;
}

/**
 * Starts a new channel: calls {@linkcode ConnectionChannel.start}, with the
 * hooks of its layer.
 */
export type ChannelStarter = (channel: ConnectionChannel) => void;

/** The {@linkcode ChannelStarter} of this layer. */
export const startPlain: ChannelStarter = (channel) => channel.start();

/**
 * `open`: all is allowed. `closing`: no new requests and calls; answers are
 * still sent. `finishing`: what is queued is written, then the stream ended.
 * `closed`: the connection is gone and every table empty.
 */
type State =
  | { readonly kind: "open" }
  | {
    readonly kind: "closing" | "finishing" | "closed";
    readonly reason: CloseReason;
  };

/**
 * The channel on a connection: where calls, requests and the end of it all
 * come together. Whatever ends the connection empties every table, once.
 */
export class ConnectionChannel implements Channel, FrameReceiver, Answerer {
  readonly closed: Promise<CloseReason>;
  /** What the other side makes this one hold. */
  readonly budget: Budget;
  /** The timers of everything on this connection; they end with it. */
  readonly timers: Timers = new Timers(this);
  /** Hears of each answer that found the connection gone. */
  onDropped: (() => void) | null = null;

  readonly #connection: Connection;
  readonly #options: ConnectionChannelOptions;
  readonly #codec: MessageCodec;
  /** The most that a message of an admitted peer may weigh. */
  readonly #maxWeight: number;
  readonly #queue: SendQueue;
  readonly #calls: CallTable;
  readonly #requests: RequestTable;
  readonly #rates: Rates | null;
  readonly #arrivals: ArrivalWatch;
  readonly #resolveClosed: (reason: CloseReason) => void;
  #hooks: ChannelHooks = {};
  #state: State = { kind: "open" };
  /** Ends a close in progress. */
  #cutTimeout: Timeout | null = null;
  /** Nothing of the peer was taken yet. */
  #isSilent: boolean;
  /** How many bytes of a frame that is not whole are in the budget. */
  #partialBytes = 0;
  #framesIn = 0;
  /** How many requests were refused before it was known whose they are. */
  #refusedOfStranger = 0;
  #failedCalls = 0;
  #requestsIn = 0;
  #failedRequests = 0;
  #droppedReplies = 0;
  #repliesIn = 0;
  #lateReplies = 0;
  #refusedRequests = 0;

  /** Takes over `connection`, from which it reads nothing before `start`. */
  constructor(connection: Connection, options: ConnectionChannelOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#isSilent = options.onSpoken !== undefined;
    this.#codec = new MessageCodec(this, options.codec, options.types);
    this.#maxWeight = maxMessageWeight(options.limits);
    this.#queue = new SendQueue(connection, {
      limits: options.limits,
      budget: options.budget,
      timers: this.timers,
      cut: (code) => this.cutOver(code),
    });
    this.#calls = new CallTable({
      timers: this.timers,
      timeoutMs: options.timeoutMs,
      withdraw: (call) => this.#queue.withdraw(call),
    });
    this.budget = new Budget(
      options.limits.requests.maxHeldBytes,
      options.budget,
    );
    this.#requests = new RequestTable(
      options.limits.requests.maxUnanswered,
      this.budget,
    );
    this.#rates = Rates.of(options.limits, options.shared.requestRate);
    const { promise, resolve } = Promise.withResolvers<CloseReason>();
    this.closed = promise;
    this.#resolveClosed = resolve;
    observed.by?.opened(
      this,
      "channel",
      () => `${this.localAddress} to ${this.remoteAddress}`,
    );
    observed.by?.owned(connection, this);
    this.#arrivals = new ArrivalWatch({
      limits: options.limits,
      timers: this.timers,
      framesIn: () => this.#framesIn,
      isBusy: () => this.#calls.size > 0 || this.#requests.size > 0,
      cut: (code) => this.cutOver(code),
    });
  }

  /** Starts to read. Called once, before anything else. */
  start(hooks: ChannelHooks = {}): void {
    this.#hooks = hooks;
    if (hooks.types !== undefined) this.#codec.addTypes(hooks.types);
    this.#connection.start(this);
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

  /** The limits that hold on this connection. */
  get limits(): Limits {
    return this.#options.limits;
  }

  /** How long a call waits where nothing else is asked for. */
  get timeoutMs(): number {
    return this.#options.timeoutMs;
  }

  /** Bytes received so far. */
  get receivedBytes(): number {
    return this.#connection.receivedBytes;
  }

  /** How many calls were made, which is the id of the next one. */
  get callsMade(): number {
    return this.#calls.nextId;
  }

  /** Replies received so far, whether or not a call waited for them. */
  get repliesReceived(): number {
    return this.#repliesIn;
  }

  /** As users have it; `context` reaches the custom types in `content`. */
  send(
    content: unknown,
    options: CallTerms = {},
    context?: unknown,
  ): Promise<unknown> {
    try {
      return this.#send(content, options, context);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #send(
    content: unknown,
    options: CallTerms,
    context: unknown,
  ): Promise<unknown> {
    this.#checkCall(options);
    // Taken before, as a getter in the content may itself send something.
    const id = this.#calls.takeId();
    try {
      const payload = this.#codec.encode(REQUEST, id, content, context);
      // It may have aborted this call as well, or closed the channel.
      this.#checkCall(options);
      if (this.#queue.hasRoom) {
        const position = this.#write(payload);
        return this.#calls.add(id, options, position, null).reply;
      }
      const bytes = this.#checkedBytes(payload);
      const { call, reply } = this.#calls.add(id, options, -1, bytes);
      this.#queue.wait(call);
      return reply;
    } catch (error) {
      this.#calls.giveBackId(id);
      throw error;
    }
  }

  #checkCall({ signal, timeoutMs = 0 }: SendOptions): void {
    if (this.#state.kind !== "open") {
      throw this.#closedError("send", this.#state.reason);
    }
    signal?.throwIfAborted();
    if (!(timeoutMs >= 0)) {
      throw new RangeError(
        `Cannot send: 'timeoutMs' is ${timeoutMs}, it must be 0 or more`,
      );
    }
    const { maxPending } = this.#options.limits.requests;
    if (this.#calls.size >= maxPending) {
      throw new QueueFullError(
        `Cannot send: ${this.#calls.size} calls are pending, await some of them or raise 'limits.requests.maxPending'`,
        { limit: maxPending },
      );
    }
  }

  /** A payload that must wait is held as bytes, and checked before it does. */
  #checkedBytes(payload: string | Uint8Array): Uint8Array {
    const bytes = typeof payload === "string"
      ? encoder.encode(payload)
      : payload;
    const { maxBytes } = this.#options.limits.frames;
    if (bytes.length <= maxBytes) return bytes;
    throw new FrameTooLargeError(
      `Cannot send: ${bytes.length} bytes are over the limit of ${maxBytes}, send less at once or raise 'limits.frames.maxBytes' on both sides`,
      { bytes: bytes.length, limitBytes: maxBytes },
    );
  }

  drained(): Promise<void> {
    return this.#state.kind === "closed"
      ? Promise.reject(this.#closedError("drain", this.#state.reason))
      : this.#queue.drained();
  }

  /**
   * Calls `write`, which sends one answer that may be large, when there is room
   * in the queue: now, or later in the order of the calls. At the end of the
   * connection it is called, too.
   */
  whenRoom(write: () => void): void {
    this.#queue.whenRoom(write);
  }

  /**
   * Does not count a frame that has arrived, since this side sets the pace of
   * such frames: it has answered with items of a stream.
   */
  giveBackFrame(): void {
    this.#rates?.giveBackFrame(PACED_BYTES);
  }

  recv(): Promise<Request> {
    return this.#requests.inbox.recv();
  }

  [Symbol.asyncIterator](): AsyncIterator<Request, undefined> {
    return this.#requests.inbox[Symbol.asyncIterator]();
  }

  answer(
    request: IncomingRequest,
    type: typeof RESULT | typeof FAILURE,
    content: unknown,
    context: unknown,
  ): Promise<void> {
    if (!this.#requests.take(request)) {
      this.#dropReply();
      return ANSWERED;
    }
    if (type === FAILURE) this.#failedRequests++;
    try {
      this.#writeAnswer(type, request.id, content, context);
    } catch (error) {
      if (type === RESULT) this.#failedRequests++;
      // What was to be told matters more than that it does not fit.
      const isError = type === FAILURE && content instanceof Error;
      this.#writeFailure(request.id, isError ? content : error);
      return Promise.reject(error);
    } finally {
      this.#finishIfAnswered();
    }
    return this.#queue.hasRoom ? ANSWERED : this.#queue.answersLeft();
  }

  tryAnswer(
    request: IncomingRequest,
    result: unknown,
    context: unknown,
  ): void {
    if (!this.#requests.has(request.id)) return this.#dropReply();
    this.#writeAnswer(RESULT, request.id, result, context);
    this.#requests.take(request);
    this.#finishIfAnswered();
  }

  #dropReply(): void {
    this.#droppedReplies++;
    this.onDropped?.();
  }

  #writeAnswer(
    type: typeof RESULT | typeof FAILURE,
    id: number,
    content: unknown,
    context?: unknown,
  ): void {
    const isError = type === FAILURE && content instanceof Error;
    const { encodeFailure = failureText } = this.#hooks;
    const carried = isError ? encodeFailure(content) : content;
    this.#write(this.#codec.encode(type, id, carried, context));
  }

  #write(payload: string | Uint8Array): number {
    const position = this.#queue.write(payload);
    this.#codec.release(payload);
    return position;
  }

  /** Tells why an answer could not be sent, if need be in a few words. */
  #writeFailure(id: number, error: unknown): void {
    try {
      this.#writeAnswer(FAILURE, id, error);
    } catch {
      // What it tells beside that is too large as well, such as its stack.
      this.#writeAnswer(FAILURE, id, shortFailureText(error));
    }
  }

  lossError(): Error | null {
    return this.#state.kind === "closed"
      ? this.#closedError("answer", this.#state.reason)
      : null;
  }

  frame(payload: Uint8Array): void {
    if (this.#framesIn++ === 0) this.#arrivals.heard();
    if (this.#partialBytes > 0) this.#countPartial(0);
    if (this.#isStranger && !this.#isShort(payload.length)) {
      return this.cutOver("over-budget");
    }
    if (this.#rates?.takeFrame(payload.length) === false) {
      return this.cutOver("rate-limit");
    }
    try {
      const message = this.#codec.decode(
        payload,
        this.#isStranger
          ? this.#options.limits.requests.maxUnadmittedBytes
          : this.#maxWeight,
      );
      if (message.type === REQUEST) this.#onRequest(message, payload.length);
      else this.#onReply(message, payload.length);
    } catch (error) {
      this.#onProtocolError(error);
    }
  }

  partial(heldBytes: number): void {
    if (this.#isStranger && !this.#isShort(heldBytes)) {
      return this.cutOver("over-budget");
    }
    this.#arrivals.partial(heldBytes);
    if (heldBytes <= UNCOUNTED_BYTES) return;
    this.#countPartial(heldBytes);
    // Reading never pauses, so where all is full it can only end.
    const full = this.#options.budget?.exceededBy(0) ?? null;
    if (full !== null) this.cutOver("over-budget");
  }

  #countPartial(bytes: number): void {
    this.budget.hold(bytes - this.#partialBytes);
    this.#partialBytes = bytes;
  }

  /** Whether it is not known yet who has connected to this side. */
  get #isStranger(): boolean {
    return this.#isSilent &&
      this.#hooks.admission?.isUnadmitted !== undefined;
  }

  #isShort(bytes: number): boolean {
    return bytes <= this.#options.limits.requests.maxUnadmittedBytes;
  }

  /** This side takes what the peer says from now on. */
  #listen(): void {
    this.#isSilent = false;
    this.#options.onSpoken?.();
  }

  #onRequest({ id, content }: Message, bytes: number): void {
    if (this.#state.kind === "finishing") return;
    if (this.#requests.has(id)) {
      throw new ProtocolError(
        `Cannot take request ${id}: another with this id is not answered yet`,
      );
    }
    const refusal = this.#refusal(content, bytes + REQUEST_BYTES);
    if (refusal !== null) return this.#refuse(id, refusal);
    if (this.#hooks.admission?.isUnadmitted?.(content)) {
      return this.#holdUnadmitted(id, content);
    }
    if (this.#isSilent) this.#listen();
    const { value, error } = this.#revive(content, REQUEST_ARRIVED);
    if (error !== null) {
      this.#requestsIn++;
      this.#failedRequests++;
      return this.#writeAnswer(FAILURE, id, error);
    }
    const weight = this.#codec.weigh(bytes) + REQUEST_BYTES;
    // Not by much is it more than what there was room for.
    const excess = weight > bytes + 2 * REQUEST_BYTES
      ? this.#overload(content, weight)
      : null;
    if (excess !== null) return this.#refuse(id, excess);
    this.#take(id, value, weight);
  }

  /** Keeps a request as it arrived until it is known whose it is. */
  #holdUnadmitted(id: number, content: unknown): void {
    const weight = rawWeight(content) + REQUEST_BYTES;
    if (!this.#isShort(this.budget.bytes + weight)) {
      // Refusals wait to be read, too.
      if (this.#isStranger && ++this.#refusedOfStranger > STRANGER_REFUSALS) {
        return this.cutOver("over-budget");
      }
      const why = "so much does not wait until it is known who sent it";
      return this.#refuse(id, why);
    }
    this.#take(id, content, weight);
  }

  #take(id: number, content: unknown, weight: number): void {
    this.#requestsIn++;
    const request = new IncomingRequest(this, id, content, weight);
    this.#requests.add(request);
    if (this.#hooks.onRequest) this.#hooks.onRequest(request);
    else this.#requests.inbox.push(request);
  }

  /** Why a request that weighs so much is too much to hold, or `null`. */
  #overload(content: unknown, weight: number): string | null {
    const why = this.#requests.overload(weight);
    return why !== null && this.#hooks.admission?.isControl?.(content)
      ? this.#requests.controlOverload(weight)
      : why;
  }

  /** Why a request of `bytes` is not taken, or `null`. */
  #refusal(content: unknown, bytes: number): string | null {
    if (this.#state.kind !== "open") return "the channel is closing";
    const why = this.#queue.isBacklogged
      ? "too many replies are not read"
      : this.#requests.overload(bytes);
    if (why === null && this.#rates === null) return null;
    if (this.#hooks.admission?.isControl?.(content)) {
      return why === null ? null : this.#requests.controlOverload(bytes);
    }
    return why ?? this.#rates?.takeRequest() ?? null;
  }

  #refuse(id: number, why: string): void {
    this.#refusedRequests++;
    this.#writeAnswer(
      FAILURE,
      id,
      new ServerBusyError(`Cannot take request: ${why}, try again later`),
    );
  }

  /**
   * Revives a request that was handed on as it arrived. If that fails it is
   * answered, or the connection ended, and this returns `false`.
   */
  revive(request: IncomingRequest): boolean {
    if (this.#isSilent) this.#listen();
    try {
      const { value, error } = this.#revive(
        request.content,
        REQUEST_ARRIVED,
      );
      request.content = value;
      if (error === null) return true;
      request.fail(error);
    } catch (error) {
      this.#onProtocolError(error);
    }
    return false;
  }

  #onReply({ type, id, content }: Message, bytes: number): void {
    this.#repliesIn++;
    const call = this.#calls.get(id);
    if (call === undefined) {
      this.#lateReplies++;
      return;
    }
    this.#rates?.giveBackFrame(bytes);
    if (this.#isSilent && !this.#isStranger) this.#listen();
    if (this.#isStranger) return this.#dropReplyOfStranger(id);
    const context = replyArrived(call.abortion?.signal);
    // Read while the call is still pending: content that breaks a limit ends
    // the connection, and with it the call.
    const { value, error } = this.#revive(content, context);
    const failure = error ??
      (type === FAILURE
        ? this.#remoteError(value)
        : this.#handOver(call, value, bytes));
    this.#calls.take(id);
    // An answer to what has not been sent is wrong, but does no harm.
    if (!this.#queue.isSent(call)) this.#queue.withdraw(call);
    if (failure === null) return call.resolve(value);
    this.#failedCalls++;
    call.reject(failure);
  }

  /** It is a sign of life and no more: nothing of a stranger is revived. */
  #dropReplyOfStranger(id: number): void {
    this.#failedCalls++;
    const why = "Cannot read a reply: it is not known yet who sent it";
    this.#calls.take(id)!.reject(new SerializationError(why, { path: [] }));
  }

  /** Tells the call's receiver of the result; returns why it is not taken. */
  #handOver(
    { onResult }: PendingCall,
    result: unknown,
    bytes: number,
  ): Error | null {
    if (onResult === null) return null;
    try {
      onResult(result, this.#codec.weigh(bytes));
      return null;
    } catch (error) {
      if (error instanceof ProtocolError) throw error;
      return error as Error;
    }
  }

  #revive(
    content: unknown,
    context: ArrivalContext,
  ): { value: unknown; error: SerializationError | null } {
    try {
      return { value: this.#codec.revive(content, context), error: null };
    } catch (error) {
      if (error instanceof SerializationError) return { value: null, error };
      throw error;
    }
  }

  #remoteError(content: unknown): Error {
    const own = this.#hooks.decodeFailure?.(content, this.remoteAddress);
    if (own) return own;
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
    this.#queue.written();
    this.#finishIfWritten();
  }

  end(error: unknown): void {
    if (
      error instanceof ProtocolError || error instanceof FrameTooLargeError
    ) {
      this.#onProtocolError(error);
    } else if (this.#state.kind !== "open") {
      this.#endClose();
    } else if (error === null) {
      this.#end({
        by: "peer",
        code: "closed",
        message: "the peer closed the connection",
      });
    } else {
      this.#end({
        by: "peer",
        code: "lost",
        message: "the connection was lost",
        error,
      });
    }
  }

  #onProtocolError(error: unknown): void {
    const isAwaited = this.#calls.size > 0;
    const message = error instanceof Error ? error.message : String(error);
    this.#end({ by: "error", code: "protocol", message, error });
    if (!isAwaited) this.#options.onProtocolError(error);
  }

  async close({ graceMs }: CloseOptions = {}): Promise<void> {
    if (this.#state.kind === "open") this.#beginClose();
    if (this.#state.kind === "closed") {
      // Requests that came before the end are not wanted any more, either.
      this.#requests.takeUnread();
    } else {
      this.#cutAfter(graceMs ?? FLUSH_MS);
      if (graceMs === undefined) this.#finish();
      else this.#finishIfAnswered();
    }
    await this.closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
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

  /**
   * Closes the channel of a peer that the layer above does not admit, once what
   * is queued is written.
   */
  dismiss(reason: CloseReason): void {
    this.#options.shared.refusedPeers++;
    if (this.#state.kind !== "open") return;
    this.#beginClose(reason);
    this.close();
  }

  #beginClose(reason: CloseReason = CLOSED_HERE): void {
    this.#state = { kind: "closing", reason };
    this.#endInbox(reason);
    // No handler has seen them: they can be refused with a good conscience.
    for (const { id } of this.#requests.takeUnread()) {
      this.#refuse(id, "the channel is closing");
    }
  }

  #endInbox(reason: CloseReason): void {
    this.#requests.inbox.end(
      () => this.#closedError("recv", reason),
      reason.by !== "error",
    );
  }

  #finishIfAnswered(): void {
    if (this.#requests.size === 0) this.#finish();
  }

  #finish(): void {
    if (this.#state.kind !== "closing") return;
    const { reason } = this.#state;
    this.#state = { kind: "finishing", reason };
    this.#requests.loseAll(() => this.#closedError("answer", reason));
    this.#finishIfWritten();
  }

  #finishIfWritten(): void {
    if (this.#state.kind === "finishing" && this.#queue.waiting === 0) {
      this.#connection.finish();
    }
  }

  /** Ends the connection at once, for a reason of the layer above. */
  cut(reason: CloseReason): void {
    this.#end(reason);
  }

  /** Ends the connection of a peer that broke a limit. */
  cutOver(code: CutCode): void {
    if (this.#state.kind === "closed") return;
    this.#options.shared.cutConnections++;
    this.#end(cutReason(code));
  }

  /** Ends a close in progress. */
  #endClose(): void {
    if (this.#state.kind !== "open") this.#end(this.#state.reason);
  }

  /** The one way to `closed`. */
  #end(reason: CloseReason): void {
    if (this.#state.kind === "closed") return;
    this.#state = { kind: "closed", reason };
    this.timers.end();
    this.#connection.close();
    this.#calls.rejectAll((call) => this.#callError(call, reason));
    this.#queue.end(() => this.#closedError("drain", reason));
    this.#requests.loseAll(() => this.#closedError("answer", reason));
    this.budget.end();
    this.#endInbox(reason);
    observed.by?.closed(this);
    this.#resolveClosed(reason);
  }

  #callError(call: PendingCall, reason: CloseReason): ConnectionClosedError {
    const sent = this.#queue.isSent(call);
    return this.#closedError("wait for a reply", reason, sent);
  }

  #closedError(
    act: string,
    reason: CloseReason,
    sent = false,
  ): ConnectionClosedError {
    const error = connectionClosed(act, reason, sent);
    ownEnds.set(error, this);
    return error;
  }

  /** Whether `error` tells of this channel's own end. */
  isOwnEnd(error: unknown): boolean {
    // A handler may throw anything, such as an object with hostile traps.
    return ownEnds.get(error as ConnectionClosedError) === this;
  }

  stats(): ChannelStats {
    return {
      pendingCalls: this.#calls.size,
      waitingCalls: this.#queue.waiting,
      unansweredRequests: this.#requests.size,
      heldBytes: this.budget.bytes,
      unreadRequests: this.#requests.inbox.size,
      queuedBytes: this.#connection.queuedBytes,
      calls: this.#calls.nextId,
      failedCalls: this.#failedCalls,
      timedOutCalls: this.#calls.timedOut,
      abortedCalls: this.#calls.aborted,
      lostCalls: this.#calls.lost,
      requests: this.#requestsIn,
      failedRequests: this.#failedRequests,
      lostRequests: this.#requests.lost,
      refusedRequests: this.#refusedRequests,
      droppedReplies: this.#droppedReplies,
      lateReplies: this.#lateReplies,
      framesIn: this.#framesIn,
      framesOut: this.#queue.framesOut,
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
