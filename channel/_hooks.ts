import type { TypeEntry } from "./codecs/types/type_entry.ts";
import type { IncomingRequest } from "./request.ts";

/**
 * The hooks of a layer above the channel. All are optional: without hooks,
 * requests go to `recv` and iteration, all requests are admitted, and failures
 * are texts.
 */
export interface ChannelHooks {
  /** Receives the requests, instead of `recv` and iteration. */
  onRequest?(request: IncomingRequest): void;
  /** Returns the context of one request, with which it is revived. */
  requestContext?(): ArrivalContext;
  /**
   * Returns the bytes in the content of a request, as it was decoded, that may be
   * views of the payload: nothing uses them once `onRequest` has returned. All
   * others are copied. Without this hook no bytes are views.
   */
  borrowed?(content: unknown): readonly unknown[];
  /** Decides which requests are taken. */
  readonly admits?: Admission;
  /** Makes the content of a failure from an error; it must be plain data. */
  encodeFailure?(error: Error): unknown;
  /** Makes an error from the content of a failure that `origin` answered with. */
  decodeFailure?(content: unknown, origin: string): Error;
  /**
   * This side begins to close the channel with some grace. Requests can be sent
   * for the last time, unless the peer's own are still served.
   */
  onClosing?(): void;
  /**
   * Returns whether the layer still serves the peer beside its unanswered
   * requests. It calls `finishIfIdle` of the channel when it does not any more.
   */
  isServing?(): boolean;
  /** Types that can be sent, after the user's serializers. */
  readonly types?: readonly TypeEntry[];
}

/**
 * Decides which requests are taken, by their content as it was decoded: custom
 * types in it are not revived yet.
 */
export interface Admission {
  /**
   * Returns whether a request steers other requests, such as a cancellation. It
   * is taken where other requests are refused, up to twice the limits, and
   * counts as a frame, but not as a request.
   */
  isControl?(content: unknown): boolean;
  /**
   * Returns whether a request gets no answer. It is taken while this side closes
   * with some grace, as nobody would hear that it must be sent again.
   */
  isOneWay?(content: unknown): boolean;
  /**
   * Returns whether the peer of an accepted connection may not send this yet.
   * The request is handed on as it was decoded, for
   * `ConnectionChannel.revive` later; requests that wait so may hold
   * `maxUnadmittedBytes`. Where this hook is given, the peer is a stranger until
   * its first request is admitted, and nothing that it sends is revived.
   */
  isUnadmitted?(content: unknown): boolean;
}

/**
 * The channel's part of the context with which the content of a message is
 * revived. It reaches the `unpack` of each `TypeEntry`.
 */
export interface ArrivalContext {
  /** The kind of message that the content belongs to. */
  readonly kind: "request" | "reply";
}

/** The context of a request without another one. */
export const REQUEST_ARRIVED: ArrivalContext = { kind: "request" };

/** The context of the reply to a call that brought no context of its own. */
export const REPLY_ARRIVED: ArrivalContext = { kind: "reply" };
