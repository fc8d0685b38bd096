// Longer than most files: all ways in which a call can end stand together.
import { FrameTooLargeError, ProtocolError } from "../../transports/errors.ts";
import { observed, world } from "../../transports/internal.ts";
import type { ChannelParts } from "./_parts.ts";
import type { SendOptions } from "../channel.ts";
import { QueueFullError, SerializationError, TimeoutError } from "../errors.ts";
import { checkRange } from "../limits/_check_range.ts";
import type { CallOutcome, CallStarted, Ended } from "../_events.ts";
import {
  FAILURE,
  fromPlainFailure,
  type Message,
  REQUEST,
} from "../message.ts";
import { type ArrivalContext, REPLY_ARRIVED } from "../_hooks.ts";
import {
  type Abortable,
  listenForAbort,
  stopListening,
} from "../timers/abort_listeners.ts";
import type { Due } from "../timers/_timers.ts";
import { AT_ONCE, type QueuedFrame } from "./_send_queue.ts";
import { IdTable } from "./id_table.ts";

const encoder = new TextEncoder();

/**
 * Receives the result of a call and its memory in bytes, before the promise of
 * the call resolves. If it throws, the call rejects with that error. A
 * `ProtocolError` ends the connection.
 */
export type ResultReceiver = (result: unknown, weightBytes: number) => void;

/** Options of calls, for the layers above. */
export interface CallTerms extends SendOptions {
  /** Receives the result before the promise of the call resolves. */
  readonly onResult?: ResultReceiver;
  /** The context for reviving the reply. */
  readonly replyContext?: ArrivalContext;
  /**
   * The call in events, for observers. Without it, the call is not reported.
   */
  readonly report?: Pick<CallStarted, "subject" | "path" | "args"> | undefined;
}

/**
 * A call that waits for its reply. The same object is its deadline, its abort
 * listener and its frame, since there may be very many calls.
 */
class PendingCall implements Due, Abortable, QueuedFrame {
  readonly id: number;
  readonly terms: CallTerms;
  readonly dueAt: number;
  /** Settles with the call. */
  readonly reply: Promise<unknown>;
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: unknown) => void;
  slot = -1;
  position = -1;
  payload: Uint8Array | null = null;
  readonly #calls: OutgoingCalls;

  constructor(
    calls: OutgoingCalls,
    id: number,
    terms: CallTerms,
    timeoutMs: number,
  ) {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#calls = calls;
    this.id = id;
    this.terms = terms;
    // Calls without a deadline, which are many, do not read the time.
    this.dueAt = timeoutMs < Infinity ? world.now() + timeoutMs : Infinity;
    this.reply = promise;
    this.resolve = resolve;
    this.reject = reject;
  }

  get name(): string {
    return "reply";
  }

  get keepsAlive(): boolean {
    return true;
  }

  fire(): void {
    this.#calls.expire(this);
  }

  go(): void {
    this.#calls.write(this);
  }

  abort(reason: unknown): void {
    this.#calls.abort(this, reason);
  }
}

/**
 * The calls of this side. Each is settled once: by its reply, its deadline, its
 * signal, or the end of the connection.
 */
export class OutgoingCalls {
  /** Replies that arrived, whether or not a call waited for them. */
  replies = 0;

  readonly #channel: ChannelParts;
  readonly #pending = new IdTable<PendingCall>();
  /** Requests without a reply that wait for room in the send queue. */
  #waitingOneWay = 0;

  /** Creates an empty table. */
  constructor(channel: ChannelParts) {
    this.#channel = channel;
  }

  /** The number of pending calls. */
  get size(): number {
    return this.#pending.size;
  }

  /** The number of calls that wait for room in the send queue. */
  get waiting(): number {
    const isWaiting = ({ payload }: PendingCall) => payload !== null;
    const waiting = this.#pending.values().filter(isWaiting).length;
    return waiting + this.#waitingOneWay;
  }

  /**
   * Sends a call. `context` is passed to the custom types in `content`. A call
   * that cannot be sent uses no id. Never throws.
   */
  send(
    content: unknown,
    terms: CallTerms = {},
    context?: unknown,
  ): Promise<unknown> {
    const { codec, counts } = this.#channel;
    const id = counts.calls;
    try {
      this.#check(terms);
      // Taken before encoding: a getter in the content may make another call.
      counts.calls++;
      const payload = codec.encode(REQUEST, id, content, context);
      // A getter may also have aborted this call, or closed the channel.
      this.#check(terms);
      const call = new PendingCall(this, id, terms, this.#timeoutMs(terms));
      this.#transmit(call, payload);
      return call.reply;
    } catch (error) {
      // The next call gets this id, unless another call was made meanwhile.
      if (counts.calls === id + 1) counts.calls = id;
      return Promise.reject(error);
    }
  }

  /**
   * Sends a request that gets no reply, like `send`. Resolves when the request
   * is in the send queue. Until then it counts as a pending call.
   *
   * @throws {SerializationError} Synchronously, if it cannot be sent.
   */
  sendOneWay(
    content: unknown,
    report: CallTerms["report"],
    context: unknown,
  ): Promise<void> {
    const { codec, counts } = this.#channel;
    this.#check({});
    const id = counts.calls++;
    try {
      const payload = codec.encode(REQUEST, id, content, context);
      this.#check({});
      const written = this.#writeOneWay(payload);
      if (report !== undefined) this.#reportOneWay(id, report);
      return written;
    } catch (error) {
      if (counts.calls === id + 1) counts.calls = id;
      throw error;
    }
  }

  #writeOneWay(payload: string | Uint8Array): Promise<void> {
    const { codec, queue } = this.#channel;
    if (queue.hasRoom) {
      queue.write(payload, codec.owner);
      return AT_ONCE;
    }
    const bytes = this.#toBytes(payload);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const go = () => {
      this.#waitingOneWay--;
      const { state } = this.#channel;
      if (state.kind === "closed") {
        return reject(this.#channel.endError("send"));
      }
      queue.write(bytes);
      resolve();
    };
    this.#waitingOneWay++;
    queue.wait({ go });
    return promise;
  }

  #reportOneWay(id: number, report: NonNullable<CallTerms["report"]>): void {
    this.#reportStart(id, report);
    const { subject } = report;
    observed.by?.event({ type: "ended", subject, outcome: "result" } as Ended);
  }

  #check({ signal, timeoutMs = 0 }: CallTerms): void {
    const { limits } = this.#channel;
    if (!this.#channel.canSend) throw this.#channel.endError("send");
    signal?.throwIfAborted();
    checkRange("timeoutMs", timeoutMs, 0);
    const limit = limits.requests.maxPending;
    const pending = this.size + this.#waitingOneWay;
    if (pending < limit) return;
    throw new QueueFullError(
      `Cannot send: ${pending} calls are pending, await some of them or raise 'limits.requests.maxPending'`,
      { limit },
    );
  }

  #transmit(call: PendingCall, payload: string | Uint8Array): void {
    const { codec, queue } = this.#channel;
    // Added before writing: this frame may make the channel cut the peer off.
    this.#add(call);
    try {
      if (queue.hasRoom) {
        call.position = queue.write(payload, codec.owner);
      } else {
        call.payload = this.#toBytes(payload);
        queue.wait(call);
      }
    } catch (error) {
      this.#remove(call, "failure", error);
      throw error;
    }
  }

  /** Writes the frame of a call that had to wait. */
  write(call: PendingCall): void {
    call.position = this.#channel.queue.write(call.payload!);
    call.payload = null;
  }

  /** Converts a payload that must wait to bytes, and checks their length. */
  #toBytes(payload: string | Uint8Array): Uint8Array {
    const bytes = typeof payload === "string"
      ? encoder.encode(payload)
      : payload;
    const { maxBytes } = this.#channel.limits.frames;
    if (bytes.length <= maxBytes) return bytes;
    throw new FrameTooLargeError(
      `Cannot send: ${bytes.length} bytes are over the limit of ${maxBytes}, send less at once or raise 'limits.frames.maxBytes' on both sides`,
      { bytes: bytes.length, limitBytes: maxBytes },
    );
  }

  #add(call: PendingCall): void {
    this.#pending.add(call);
    this.#channel.timers.add(call);
    const { signal } = call.terms;
    if (signal !== undefined) listenForAbort(signal, call);
    const { report } = call.terms;
    if (report !== undefined) this.#reportStart(call.id, report);
  }

  #reportStart(id: number, report: NonNullable<CallTerms["report"]>): void {
    const event: CallStarted = {
      ...report,
      type: "call-started",
      side: "made",
      channel: this.#channel,
      id,
    };
    observed.by?.event(event);
  }

  #remove(call: PendingCall, outcome: CallOutcome, error?: unknown): void {
    const { report } = call.terms;
    if (report !== undefined) {
      const { subject } = report;
      const event: Ended = { type: "ended", subject, outcome, error };
      observed.by?.event(event);
    }
    this.#pending.delete(call.id);
    this.#channel.timers.remove(call);
    const { signal } = call.terms;
    if (signal !== undefined) stopListening(signal, call);
  }

  #timeoutMs(
    { timeoutMs = this.#channel.options.timeoutMs }: CallTerms,
  ): number {
    return timeoutMs;
  }

  /** Receives a reply of the peer. */
  receive({ type, id, content }: Message, bytes: number): void {
    const { arrivals, codec, counts, queue } = this.#channel;
    this.replies++;
    const call = this.#pending.get(id);
    if (call === undefined) {
      counts.lateReplies++;
      return;
    }
    arrivals.giveBackFrame(bytes);
    let result: unknown = null;
    let failure: Error | null = null;
    // Read while the call is pending: content that breaks a limit ends the
    // connection, and thereby the call.
    try {
      if (arrivals.isStranger) throw unadmittedReply();
      arrivals.heard();
      const { replyContext = REPLY_ARRIVED } = call.terms;
      result = codec.revive(content, replyContext);
    } catch (error) {
      if (!(error instanceof SerializationError)) throw error;
      failure = error;
    }
    failure ??= type === FAILURE
      ? this.#decodeFailure(result)
      : this.#handOver(call, result, bytes);
    if (failure === null) this.#remove(call, "result");
    else this.#remove(call, "failure", failure);
    // A reply to a call that was not sent yet is wrong, but does no harm.
    queue.withdraw(call);
    if (failure === null) return call.resolve(result);
    counts.failedCalls++;
    call.reject(failure);
  }

  #decodeFailure(content: unknown): Error {
    const { hooks, remoteAddress } = this.#channel;
    return hooks.decodeFailure === undefined
      ? fromPlainFailure(content, remoteAddress)
      : hooks.decodeFailure(content, remoteAddress);
  }

  /**
   * Passes the result to its receiver. Returns the receiver's error, if any.
   */
  #handOver(
    { terms: { onResult } }: PendingCall,
    result: unknown,
    bytes: number,
  ): Error | null {
    if (onResult === undefined) return null;
    try {
      onResult(result, this.#channel.codec.weigh(bytes));
      return null;
    } catch (error) {
      if (error instanceof ProtocolError) throw error;
      return error as Error;
    }
  }

  /** Ends a call whose deadline has come. */
  expire(call: PendingCall): void {
    this.#channel.counts.timedOutCalls++;
    const sent = this.#channel.queue.withdraw(call);
    const timeoutMs = this.#timeoutMs(call.terms);
    const error = new TimeoutError(
      `Cannot complete call ${call.id}: no reply within ${timeoutMs} ms`,
      { timeoutMs, sent },
    );
    this.#remove(call, "timed-out", error);
    call.reject(error);
  }

  /** Ends a call whose signal has aborted. */
  abort(call: PendingCall, reason: unknown): void {
    this.#channel.counts.abortedCalls++;
    this.#remove(call, "aborted", reason);
    this.#channel.queue.withdraw(call);
    call.reject(reason);
  }

  /**
   * Rejects every call with its own error, because the connection has ended.
   */
  end(): void {
    const { counts, queue } = this.#channel;
    const calls = this.#pending.values();
    counts.lostCalls += calls.length;
    const errors = calls.map((call) => {
      const sent = queue.withdraw(call);
      const error = this.#channel.endError("wait for a reply", sent);
      this.#remove(call, "lost", error);
      return error;
    });
    for (const [n, call] of calls.entries()) call.reject(errors[n]);
  }
}

/**
 * Such a reply only shows that the peer is alive. Its content is not revived.
 */
function unadmittedReply(): SerializationError {
  return new SerializationError(
    "Cannot read a reply: its sender is not admitted yet",
    { path: [] },
  );
}
