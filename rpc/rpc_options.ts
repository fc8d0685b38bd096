import type { ChannelOptions } from "../channel/options.ts";
import type { Middleware, ServedCall } from "./middleware.ts";

/**
 * Options of both ends of an RPC connection.
 *
 * @typeParam Identity What `authenticate` returns.
 */
export interface RpcOptions<Identity = unknown> extends ChannelOptions {
  /**
   * How long the peer may be silent before this side asks for a sign of life,
   * in milliseconds; `Infinity` never asks. Two unanswered questions end the
   * connection, within three times as long. This applies to peers with denomas's extensions. A peer that
   * has never said anything counts as gone after three times as long, or after
   * forty times if it was called.
   *
   * @default {15_000}
   */
  readonly heartbeatMs?: number | undefined;
  /**
   * Whether to use denomas's extensions if the other side has them. Turn them
   * off for a peer that fails on unknown requests, such as mosaik. Streams,
   * heartbeats and cancellation are not available then.
   *
   * @default {true}
   */
  readonly extensions?: boolean | undefined;
  /**
   * How much of each stream may be produced and not yet consumed. The smaller
   * of the two sides' windows applies. A stream begins with at most 64 items;
   * more are asked for while the consumer would have to wait for them. A peer
   * that sends more items than it was asked for ends its connection.
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
   * Whether callers are told nothing of errors that were not made for them:
   * only that the method failed, and an id that stands in the report, too. Told
   * as they are: a `ServiceError`, and the errors of this package that the
   * service itself has thrown.
   *
   * @default {true}
   */
  readonly maskErrors?: boolean | undefined;
  /**
   * Receives the error of each method that failed, unless it is one that was
   * made for the caller.
   *
   * @default {one line on stderr}
   */
  readonly onMethodError?: OnMethodError | undefined;
  /**
   * How many functions and unlisted services of this side the other side may
   * hold. A message that passes one more is a `SerializationError`.
   *
   * @default {65_536}
   */
  readonly maxReferences?: number | undefined;
  /**
   * Functions that run around calls, in both directions, and for each
   * connection.
   *
   * @default {none}
   */
  readonly middleware?: Middleware<Identity> | undefined;
}

/** A call that failed. */
export interface FailedCall {
  /** The call. */
  readonly call: ServedCall;
  /** The id that the caller is told if the error is masked. */
  readonly id: string;
}

/** Receives the errors of methods. Its own errors go to `onError`. */
export type OnMethodError = (error: unknown, failed: FailedCall) => void;

/** How much of a stream may be produced and not yet consumed. */
export interface StreamWindow {
  /** The number of items. */
  readonly items: number;
  /** The size of the items, in bytes. */
  readonly bytes: number;
}
