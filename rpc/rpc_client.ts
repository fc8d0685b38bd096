import type {
  Channel,
  ChannelStats,
  CloseOptions,
} from "../channel/channel.ts";
import type { CloseReason } from "../channel/errors.ts";
import type { Remote } from "./remote.ts";

/**
 * One side of an RPC connection, with a proxy for the service of the other side.
 * It owns its connection.
 *
 * @typeParam T The service of the other side.
 * @typeParam Identity What `authenticate` of this side returned.
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
  /** Closes the connection, as a channel is closed. */
  close(options?: CloseOptions): Promise<void>;
  /** Returns the sizes of the tables, and counts of the traffic. */
  stats(): RpcStats;
  /** Keeps the process alive while the connection is open, which is the default. */
  ref(): void;
  /** Lets the process end although the connection is open. */
  unref(): void;
}

/**
 * The sizes of the tables of an RPC connection, and counts of its traffic. The
 * requests by which RPC steers calls and streams are counted, too.
 */
export interface RpcStats extends ChannelStats {
  /** Methods of this side that are running. */
  readonly runningCalls: number;
  /** Functions and services that the other side may call by reference. */
  readonly references: number;
  /** Streams that this side produces. */
  readonly streams: number;
}
