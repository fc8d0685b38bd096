import type { TypeEntry } from "./codecs/types/type_entry.ts";
import type { IncomingRequest } from "./request.ts";

/**
 * The hooks of a layer above the channel. All are optional. Without hooks,
 * requests go to `recv` and iteration, all requests are admitted, and failures
 * are texts.
 */
export interface ChannelHooks {
  /** Receives the requests, instead of `recv` and iteration. */
  onRequest?(request: IncomingRequest): void;
  /** Returns the context for reviving one request. */
  requestContext?(): ArrivalContext;
  /**
   * Returns the byte values in the decoded content of a request that may stay
   * views of the payload, because nothing uses them after `onRequest` has
   * returned. All other bytes are copied. Without this hook, all bytes are
   * copied.
   */
  borrowed?(content: unknown): readonly unknown[];
  /** Decides which requests are accepted. */
  readonly admits?: Admission;
  /**
   * Converts an error to the content of a failure, which must be plain data.
   */
  encodeFailure?(error: Error): unknown;
  /** Converts the content of a failure from `origin` to an error. */
  decodeFailure?(content: unknown, origin: string): Error;
  /**
   * Called when this side begins to close the channel with grace. This is the
   * last chance to send requests, unless requests of the peer are still served.
   */
  onClosing?(): void;
  /**
   * Returns whether the layer still serves the peer apart from unanswered
   * requests. When that ends, the layer calls `finishIfIdle` of the channel.
   */
  isServing?(): boolean;
  /** Types that can be sent, in addition to the user's serializers. */
  readonly types?: readonly TypeEntry[];
}

/**
 * Decides which requests are accepted, by their decoded content. Custom types
 * in it are not yet revived.
 */
export interface Admission {
  /**
   * Returns whether a request controls other requests, such as a cancellation.
   * Such a request is accepted where others are refused, up to twice the
   * limits. It counts as a frame, but not as a request.
   */
  isControl?(content: unknown): boolean;
  /**
   * Returns whether a request gets no answer. Such a request is accepted while
   * this side closes with grace, because its sender would not receive a refusal
   * and so would not repeat it.
   */
  isOneWay?(content: unknown): boolean;
  /**
   * Returns whether the peer of an accepted connection may not send this yet.
   * The request is then handed on as decoded, for a later
   * `ConnectionChannel.revive`. Requests that wait like this may hold
   * `maxUnadmittedBytes`. With this hook, the peer is a stranger until its
   * first request is admitted, and nothing that it sends is revived until then.
   */
  isUnadmitted?(content: unknown): boolean;
}

/**
 * The channel's part of the context for reviving the content of a message. It
 * is passed to the `unpack` of each `TypeEntry`.
 */
export interface ArrivalContext {
  /** The kind of message that the content belongs to. */
  readonly kind: "request" | "reply";
}

/** The context of a request when no hook provides one. */
export const REQUEST_ARRIVED: ArrivalContext = { kind: "request" };

/** The context of a reply when its call has no context. */
export const REPLY_ARRIVED: ArrivalContext = { kind: "reply" };
