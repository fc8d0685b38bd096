import { ProtocolError } from "../../transports/errors.ts";
import { REQUEST_ARRIVED } from "../_hooks.ts";
import type { ChannelParts } from "./_parts.ts";
import { SerializationError, ServerBusyError } from "../errors.ts";
import { rawWeight } from "../limits/_raw_weight.ts";
import type { Budget } from "../limits/budget.ts";
import {
  FAILURE,
  failureText,
  type Message,
  type ReplyType,
  shortFailureText,
} from "../message.ts";
import { type Answerer, IncomingRequest } from "../request.ts";
import { Inbox } from "./_inbox.ts";
import { AT_ONCE } from "./_send_queue.ts";
import { IdTable } from "./id_table.ts";

/**
 * The memory of a request without its content: 100 to 130 bytes in this layer,
 * 500 if a layer above runs a handler for it, and up to 2,000 if the handler
 * reads its signal.
 */
const REQUEST_BYTES = 1_024;

/** Larger than any control request. */
const SHORT_CONTROL_BYTES = 2 * 1024;

/** A stranger is cut off once this many of its requests were refused. */
const STRANGER_REFUSALS = 256;

/** The requests of the peer, until they are answered. */
export class IncomingRequests implements Answerer {
  readonly #channel: ChannelParts;
  readonly #unanswered = new IdTable<IncomingRequest>();
  /** Created when needed: a layer above takes the requests without it. */
  #inbox: Inbox<IncomingRequest> | null = null;
  #refusedOfStranger = 0;

  /** Creates an empty table. */
  constructor(channel: ChannelParts) {
    this.#channel = channel;
  }

  /** The requests that no handler has taken yet. */
  get inbox(): Inbox<IncomingRequest> {
    if (this.#inbox === null) {
      this.#inbox = new Inbox();
      const { state } = this.#channel;
      if (state.kind !== "open") this.endInbox();
    }
    return this.#inbox;
  }

  /** The number of requests that no handler has taken yet. */
  get unread(): number {
    return this.#inbox?.size ?? 0;
  }

  /** The number of unanswered requests. */
  get size(): number {
    return this.#unanswered.size;
  }

  /** Takes a request of the peer, or refuses it. */
  receive({ id, content }: Message, bytes: number): void {
    const { arrivals, codec, counts, hooks, state } = this.#channel;
    if (state.kind === "finishing") return;
    if (this.#unanswered.get(id) !== undefined) {
      throw new ProtocolError(
        `Cannot take request ${id}: another request with this id is unanswered`,
      );
    }
    const isControl = hooks.admits?.isControl?.(content) === true;
    const isOneWay = hooks.admits?.isOneWay?.(content) === true;
    if (state.kind !== "open" && !isControl && !isOneWay) {
      return this.#refuseAtClose(id, isOneWay);
    }
    const refusal = this.#refusal(isControl, bytes + REQUEST_BYTES);
    if (refusal !== null) return this.#refuse(id, isOneWay, refusal);
    if (hooks.admits?.isUnadmitted?.(content)) {
      return this.#holdUnadmitted(id, isOneWay, content);
    }
    arrivals.heard();
    const context = hooks.requestContext?.() ?? REQUEST_ARRIVED;
    let value: unknown;
    try {
      value = codec.revive(content, context);
    } catch (error) {
      if (!(error instanceof SerializationError)) throw error;
      counts.requests++;
      counts.failedRequests++;
      return isOneWay ? undefined : this.#write(FAILURE, id, error);
    }
    const weight = codec.weigh(bytes) + REQUEST_BYTES;
    // The check above allows for a little more than `bytes`.
    const excess = weight > bytes + 2 * REQUEST_BYTES
      ? this.#excess(isControl, weight)
      : null;
    if (excess !== null) return this.#refuse(id, isOneWay, excess);
    const request = new IncomingRequest(this, id, isOneWay, value, weight);
    request.context = context;
    this.#take(request);
  }

  /** Holds a request as decoded until its sender is admitted. */
  #holdUnadmitted(id: number, isOneWay: boolean, content: unknown): void {
    const { arrivals, budget } = this.#channel;
    const weight = rawWeight(content) + REQUEST_BYTES;
    if (arrivals.isShort(budget.bytes + weight)) {
      const held = new IncomingRequest(this, id, isOneWay, content, weight);
      return this.#take(held);
    }
    // The peer must read the refusals, which wait in memory until then.
    if (arrivals.isStranger && ++this.#refusedOfStranger > STRANGER_REFUSALS) {
      return this.#channel.cutOver("over-budget");
    }
    const why = "its sender is not admitted yet, and holds too much";
    this.#refuse(id, isOneWay, why);
  }

  #take(request: IncomingRequest): void {
    const { budget, counts, hooks } = this.#channel;
    counts.requests++;
    this.#unanswered.add(request);
    budget.hold(request.bytes);
    if (hooks.onRequest === undefined) this.inbox.push(request);
    else hooks.onRequest(request);
  }

  /** Returns why a request of `bytes` is refused, or `null`. */
  #refusal(isControl: boolean, bytes: number): string | null {
    const { arrivals, queue } = this.#channel;
    const excess = this.#excess(isControl, bytes);
    if (excess !== null || isControl) return excess;
    return queue.isBacklogged
      ? "too many replies are not read"
      : arrivals.takeRequest();
  }

  /**
   * Returns which limit `bytes` more would exceed, or `null`. A control request
   * may use up to twice the limits. A short control request counts towards the
   * budget of the connection, but is accepted even if that is full, because it
   * may free memory there.
   */
  #excess(isControl: boolean, bytes: number): string | null {
    const { budget } = this.#channel;
    if (!isControl) return this.#over(1, budget, bytes);
    const isShort = bytes <= SHORT_CONTROL_BYTES;
    return this.#over(2, isShort ? budget.parent : budget, bytes);
  }

  /**
   * Returns what would exceed `times` its limit with `bytes` more, or `null`.
   */
  #over(times: number, budget: Budget | null, bytes: number): string | null {
    if (this.size >= times * this.#channel.limits.requests.maxUnanswered) {
      return `${this.size} requests are unanswered`;
    }
    const full = budget?.exceededBy(bytes, times) ?? null;
    if (full === null) return null;
    return full === this.#channel.budget
      ? `${full.bytes} bytes are held for this connection`
      : `${full.bytes} bytes are held at this server`;
  }

  /** Refuses a request that this channel will not take any more. */
  #refuseAtClose(id: number, isOneWay: boolean): void {
    this.#refuse(id, isOneWay, "the channel is closing", "connect again");
  }

  #refuse(
    id: number,
    isOneWay: boolean,
    why: string,
    remedy = "try again later",
  ): void {
    this.#channel.counts.refusedRequests++;
    if (isOneWay) return;
    const text = `Cannot take request: ${why}, ${remedy}`;
    this.#write(FAILURE, id, new ServerBusyError(text));
  }

  /**
   * Revives a request that was held. If that fails, answers the request with a
   * failure and returns `false`.
   */
  revive(request: IncomingRequest): boolean {
    const { arrivals, codec, hooks } = this.#channel;
    arrivals.heard();
    try {
      const context = hooks.requestContext?.() ?? REQUEST_ARRIVED;
      request.content = codec.revive(request.content, context);
      request.context = context;
      return true;
    } catch (error) {
      if (!(error instanceof SerializationError)) throw error;
      request.content = null;
      request.fail(error);
      return false;
    }
  }

  answer(
    request: IncomingRequest,
    type: ReplyType,
    content: unknown,
    context: unknown,
  ): Promise<void> {
    if (request.isOneWay) {
      const isTaken = this.#unanswered.get(request.id) === request;
      if (isTaken) this.#settle(request, type);
      return AT_ONCE;
    }
    try {
      this.tryAnswer(request, type, content, context);
      return this.#channel.queue.room();
    } catch (error) {
      // The failure itself matters more than the error that it cannot be sent.
      const isError = type === FAILURE && content instanceof Error;
      this.#writeFailure(request.id, isError ? content : error);
      this.#settle(request, FAILURE);
      return Promise.reject(error);
    }
  }

  tryAnswer(
    request: IncomingRequest,
    type: ReplyType,
    content: unknown,
    context: unknown,
  ): void {
    if (this.#unanswered.get(request.id) !== request) return this.#dropReply();
    this.#write(type, request.id, content, context);
    this.#settle(request, type);
  }

  #settle(
    request: IncomingRequest,
    type: ReplyType,
  ): void {
    if (type === FAILURE) this.#channel.counts.failedRequests++;
    this.#remove(request);
    this.#channel.finishIfIdle();
  }

  lossError(request: IncomingRequest): Error | null {
    const isOpen = this.#channel.state.kind === "open";
    return isOpen || this.#unanswered.get(request.id) === request
      ? null
      : this.#channel.endError("answer");
  }

  #dropReply(): void {
    const { counts, totals } = this.#channel;
    counts.droppedReplies++;
    if (totals !== null) totals.droppedReplies++;
  }

  #write(
    type: ReplyType,
    id: number,
    content: unknown,
    context?: unknown,
  ): void {
    const { codec, queue } = this.#channel;
    const isError = type === FAILURE && content instanceof Error;
    const carried = isError ? this.#failureOf(content) : content;
    queue.write(codec.encode(type, id, carried, context), codec.owner);
  }

  #failureOf(error: Error): unknown {
    const { hooks } = this.#channel;
    return hooks.encodeFailure === undefined
      ? failureText(error)
      : hooks.encodeFailure(error);
  }

  /** Sends the failure, or a short text if the failure cannot be sent. */
  #writeFailure(id: number, error: unknown): void {
    try {
      this.#write(FAILURE, id, error);
    } catch {
      // More than the message, such as the stack, may be too large.
      this.#write(FAILURE, id, shortFailureText(error));
    }
  }

  #remove(request: IncomingRequest): boolean {
    if (this.#unanswered.get(request.id) !== request) return false;
    this.#unanswered.delete(request.id);
    this.#channel.budget.release(request.bytes);
    return true;
  }

  /** Ends the inbox of a closing channel, and refuses the requests in it. */
  close(): void {
    this.endInbox();
    // No handler has seen these requests, so they are safe to repeat.
    for (const { id, isOneWay } of this.dropUnread()) {
      this.#refuseAtClose(id, isOneWay);
    }
  }

  /** Removes the requests that no handler has taken. */
  dropUnread(): IncomingRequest[] {
    const unread = this.#inbox?.clear() ?? [];
    for (const request of unread) this.#remove(request);
    return unread;
  }

  /** Ends the inbox: no more requests will come. */
  endInbox(): void {
    const { state } = this.#channel;
    this.#inbox?.end(
      () => this.#channel.endError("recv"),
      state.kind === "open" || state.reason.by !== "error",
    );
  }

  /**
   * Aborts the signal of each request, because its answer is not awaited now.
   */
  loseAll(): void {
    const { budget, counts } = this.#channel;
    const requests = this.#unanswered.values();
    counts.lostRequests += requests.length;
    this.#unanswered.clear();
    for (const request of requests) {
      budget.release(request.bytes);
      request.lose(() => this.#channel.endError("answer"));
    }
  }
}
