import type {
  Channel,
  ChannelStats,
  CloseOptions,
} from "../channel/channel.ts";
import type { CloseReason } from "../channel/errors.ts";
import type { Remote } from "./remote.ts";

/**
 * One side of an RPC connection, with a proxy for the service of the other
 * side. It owns its connection.
 *
 * @typeParam T The service of the other side.
 * @typeParam Identity The identity that `authenticate` of this side returned.
 */
export interface RpcClient<T = unknown, Identity = unknown>
  extends AsyncDisposable {
  /** The proxy for the service of the other side. */
  readonly remote: Remote<T>;
  /** The channel of the connection. Do not read requests from it. */
  readonly channel: Channel;
  /**
   * The identity of the other side, as `authenticate` of this side returned it;
   * `undefined` without that option.
   */
  readonly identity: Identity;
  /** Resolves to the reason when the connection has ended. Never rejects. */
  readonly closed: Promise<CloseReason>;
  /** Closes the connection, with the semantics of a channel's `close`. */
  close(options?: CloseOptions): Promise<void>;
  /** Returns table sizes and traffic counters. */
  stats(): RpcStats;
  /**
   * Keeps the process alive while the connection is open, which is the default.
   */
  ref(): void;
  /** Lets the process end while the connection is open. */
  unref(): void;
}

/**
 * Table sizes and traffic counters of an RPC connection. The requests by which
 * RPC controls calls and streams are counted, too.
 */
export interface RpcStats extends ChannelStats {
  /** The number of running methods of this side. */
  readonly runningCalls: number;
  /**
   * The number of functions and services that the other side may call by
   * reference.
   */
  readonly references: number;
  /** The number of streams that this side produces. */
  readonly streams: number;
}
