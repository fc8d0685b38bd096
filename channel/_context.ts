import type { FramedConnection } from "../transports/frames/framed_connection.ts";
import type { ChannelHooks } from "./_hooks.ts";
import type { ChannelCounts } from "./channel.ts";
import { type CloseReason, ConnectionClosedError } from "./errors.ts";
import type { TokenBucket } from "./limits/_token_bucket.ts";
import type { Budget } from "./limits/budget.ts";
import type { Limits } from "./limits/limits.ts";
import type { ResolvedOptions } from "./options.ts";
import type { Timers } from "./timers/_timers.ts";

/** The codes for a peer that broke a limit, each with its message. */
const CUT_MESSAGES = {
  "first-frame": "the peer sent nothing after it had connected",
  "idle": "the connection was idle for too long",
  "over-budget": "the peer made this side hold too much memory",
  "rate-limit": "the peer sends too fast",
  "server-full": "the server needed room for another connection",
  "slow-frame": "a frame took too long to arrive",
  "slow-peer": "the peer reads too slowly",
} as const;

/** The code of a limit whose breach ends a connection. */
export type CutCode = keyof typeof CUT_MESSAGES;

/** Returns the reason for the end of a connection whose peer broke a limit. */
export function cutReason(code: CutCode): CloseReason {
  return { by: "error", code, message: CUT_MESSAGES[code] };
}

/**
 * Creates the error of an operation that stopped because its connection ended.
 */
export function connectionClosed(
  act: string,
  reason: CloseReason,
  sent = false,
): ConnectionClosedError {
  const { by, code, message, error } = reason;
  return new ConnectionClosedError(`Cannot ${act}: ${message}`, {
    by,
    code,
    sent,
    ...(error !== undefined && { cause: error }),
  });
}

/**
 * The states of a channel.
 *
 * - `open`: everything is allowed.
 * - `closing`: no new calls and requests; answers are still sent.
 * - `finishing`: queued data is written, then the stream ends.
 * - `closed`: the connection is gone and every table is empty.
 */
export type ChannelState =
  | { readonly kind: "open" }
  | {
    readonly kind: "closing" | "finishing" | "closed";
    readonly reason: CloseReason;
  };

/** The counts of a channel. Its parts add to them. */
export class ChannelCounters implements ChannelCounts {
  calls = 0;
  failedCalls = 0;
  timedOutCalls = 0;
  abortedCalls = 0;
  lostCalls = 0;
  requests = 0;
  failedRequests = 0;
  lostRequests = 0;
  refusedRequests = 0;
  droppedReplies = 0;
  lateReplies = 0;
  framesIn = 0;
  framesOut = 0;
  /** Set by `stats` of the channel, like `bytesOut`. */
  bytesIn = 0;
  bytesOut = 0;
}

/**
 * The options of a channel on one connection. Channels of one host share the
 * object, so that an idle connection takes little memory.
 */
export interface ConnectionChannelOptions
  extends Omit<ResolvedOptions, "onError"> {
  /** Counts that the channels of one server share. */
  readonly serverCounts: { cutConnections: number; refusedPeers: number };
  /** Bounds the requests of all channels of one server together. */
  readonly requestRate: TokenBucket;
  /**
   * Receives a peer's breach of the protocol if no call was rejected with it.
   * `address` is the address of the peer.
   */
  readonly onProtocolError: (error: unknown, address: string) => void;
  /**
   * Called when this side takes the first message of the peer. Only for
   * accepted connections.
   */
  readonly onHeard?: (channel: ChannelContext) => void;
}

/** A channel, as each of its parts sees it. */
export interface ChannelContext {
  readonly remoteAddress: string;
  readonly connection: FramedConnection;
  readonly options: ConnectionChannelOptions;
  readonly limits: Limits;
  /** The hooks of the layer above. Empty before that layer has started. */
  readonly hooks: ChannelHooks;
  readonly state: ChannelState;
  readonly counts: ChannelCounters;
  /** The owner's totals, once they include `counts`. */
  readonly totals: ChannelCounters | null;
  readonly timers: Timers;
  /** The budget of the connection. */
  readonly budget: Budget;
  /** Returns whether either side waits for an answer. */
  isBusy(): boolean;
  /**
   * Creates the error of an operation that stops because this channel ends. The
   * channel must not be open.
   */
  endError(act: string, sent?: boolean): ConnectionClosedError;
  /** Ends the connection of a peer that broke a limit. */
  cutOver(code: CutCode): void;
  /** Whether requests can be sent. */
  readonly canSend: boolean;
  /** Finishes a close with grace if nothing is served any more. */
  finishIfIdle(): void;
}
