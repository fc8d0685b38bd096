import type { ChannelOptions } from "../channel/options.ts";
import type { MadeCall, Middleware, ServedCall } from "./middleware.ts";

/**
 * Options of both ends of an RPC connection.
 *
 * @typeParam Identity The identity that `authenticate` returns.
 */
export interface RpcOptions<Identity = unknown> extends ChannelOptions {
  /**
   * How long the peer may be silent before this side sends a heartbeat, in
   * milliseconds; `Infinity` disables heartbeats. Two unanswered heartbeats end
   * the connection, within three times this interval. This applies to peers
   * with denomas's extensions. A peer that has never sent anything counts as
   * gone after three intervals, or after forty if it was called.
   *
   * @default {15_000}
   */
  readonly heartbeatMs?: number | undefined;
  /**
   * Whether to use denomas's extensions if the other side has them. Turn them
   * off for a peer that fails on unknown requests, such as mosaik. Streams,
   * heartbeats and cancellation are then unavailable.
   *
   * @default {true}
   */
  readonly extensions?: boolean | undefined;
  /**
   * How much of each stream may be produced and not yet consumed. The smaller
   * of the two sides' windows applies. A stream begins with at most 64 items;
   * the consumer requests more while it would otherwise have to wait. If a peer
   * sends more items than were requested, the connection ends.
   *
   * @default {{ items: 4_096, bytes: 1_048_576 }}
   */
  readonly streamWindow?: StreamWindow | undefined;
  /**
   * Whether failures contain the stack of the error.
   *
   * @default {false}
   */
  readonly sendStacks?: boolean | undefined;
  /**
   * Whether to hide internal errors of methods and streams from the other
   * side, which then learns only that there was a failure, and an id that is
   * also in the report. A `ServiceError`, and errors of this package that the
   * service itself has thrown, are sent unchanged.
   *
   * @default {true}
   */
  readonly maskErrors?: boolean | undefined;
  /**
   * Receives the error of each failed method, and of each stream that this side
   * has passed in a result or an argument. It does not receive errors that are
   * meant for the other side, such as a `ServiceError`, nor the `AbortError` of
   * a call that was cancelled.
   *
   * @default {one line on stderr}
   */
  readonly onMethodError?: OnMethodError | undefined;
  /**
   * The maximum number of functions and unlisted services of this side that the
   * other side may hold. A message that exceeds it fails with a
   * `SerializationError`.
   *
   * @default {65_536}
   */
  readonly maxReferences?: number | undefined;
  /**
   * Functions that run around calls in both directions, and for each
   * connection.
   *
   * @default {none}
   */
  readonly middleware?: Middleware<Identity> | undefined;
}

/** A call that failed. */
export interface FailedCall {
  /**
   * The call that this side has served, or, for the error of a stream in the
   * arguments of a call that this side has made, that call.
   */
  readonly call: ServedCall | MadeCall;
  /** The id that is sent to the other side if the error is masked. */
  readonly id: string;
}

/** Receives the errors of methods. Errors that it throws go to `onError`. */
export type OnMethodError = (error: unknown, failed: FailedCall) => void;

/** How much of a stream may be produced and not yet consumed. */
export interface StreamWindow {
  /** The number of items. */
  readonly items: number;
  /** The size of the items, in bytes. */
  readonly bytes: number;
}
