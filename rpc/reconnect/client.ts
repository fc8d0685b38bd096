import type { BackoffOptions } from "../../channel/timers/backoff.ts";
import type { ChannelStats, CloseOptions } from "../../channel/channel.ts";
import type { CloseReason } from "../../channel/errors.ts";
import type { RpcConnectionOptions } from "../client.ts";
import type { RpcClient } from "../rpc_client.ts";
import type { RpcStats } from "../rpc_client.ts";
import type { Remote } from "../remote.ts";

/**
 * `connected`: calls are sent at once. `reconnecting`: the connection was lost,
 * and calls wait for the next one. `offline`: as `reconnecting`, in a page whose
 * browser says that it has no network. `closed`: the client was closed for good.
 */
export type ReconnectState =
  | "connected"
  | "reconnecting"
  | "offline"
  | "closed";

/** Options for `openReconnecting`. */
export interface ReconnectOptions<T = unknown> extends RpcConnectionOptions {
  /**
   * How long a call waits for a connection while there is none, in
   * milliseconds; `Infinity` for ever. With 0, such a call fails at once and no
   * call is repeated.
   *
   * @default {30_000}
   */
  readonly queueTimeoutMs?: number | undefined;
  /**
   * How long a call is repeated that the server refuses by a `ServerBusyError`,
   * in milliseconds: with 0 it rejects at once, with `Infinity` its `timeoutMs`
   * is the only limit. A refused call has not run, so that this is safe for all
   * methods. The waits are those of `backoff`.
   *
   * @default {0}
   */
  readonly retryBusyForMs?: number | undefined;
  /**
   * The waits before attempts to connect again, and before a refused call is
   * repeated. Each is random, between half
   * of the longest and the longest, which doubles from `initialMs` up to
   * `maxMs`. After a connection that lasted for `maxMs` it starts anew.
   */
  readonly backoff?: Partial<BackoffOptions> | undefined;
  /**
   * Paths of methods whose calls may run twice, such as `"sub/load"`, in addition
   * to those that the server marks by `@expose({ idempotent: true })`.
   *
   * @default {[]}
   */
  readonly idempotent?: readonly string[] | undefined;
  /**
   * Called with each new connection, including the first one. Waiting calls are
   * sent when it has finished, and nothing but the end of the connection limits
   * its time; `signal` limits the first run. If it throws, that connection is
   * closed: the first time `openReconnecting` rejects, later the error is reported
   * to `onError` and the client tries again. If the connection ends before,
   * that is a failed attempt.
   */
  readonly onConnect?:
    | ((client: RpcClient<T>) => void | Promise<void>)
    | undefined;
  /**
   * Called for each change of the state after the first connection, with the
   * reason if a connection or the client has ended. If it throws, or returns a
   * promise that rejects, the error is reported to `onError`.
   */
  readonly onStateChange?:
    | ((state: ReconnectState, reason: CloseReason | null) => void)
    | undefined;
}

/** Counts of a {@linkcode ReconnectingClient}. */
export interface ReconnectStats {
  /** How many connections were made. */
  readonly connections: number;
  /** How many of them ended with an error, such as those that were lost. */
  readonly failedConnections: number;
  /** Attempts to connect again that failed. */
  readonly failedAttempts: number;
  /** Calls that wait for a connection, or for a busy server. */
  readonly waitingCalls: number;
  /** The present connection, or `null` while there is none. */
  readonly connection: RpcStats | null;
  /** The sums over all connections, including those that have ended. */
  readonly total: ChannelStats;
}

/**
 * A client that outlives its connections. It owns the present connection and the
 * timer for the next attempt. Made by `openReconnecting`.
 *
 * @typeParam T The service of the server.
 */
export interface ReconnectingClient<T = unknown> extends AsyncDisposable {
  /** The address of the server. */
  readonly address: string;
  /**
   * The proxy for the service of the server, over any connection. Functions,
   * services and streams that its methods return belong to the connection that
   * carried them.
   *
   * In addition to the errors of an {@linkcode RpcClient}'s calls, a call rejects
   * with a `ConnectionClosedError` whose `sent` is `false` if no connection came
   * in time, and with a `QueueFullError` if too many calls wait.
   */
  readonly remote: Remote<T>;
  /** The state of the connection. */
  readonly state: ReconnectState;
  /** Resolves to the reason when the client is closed. Never rejects. */
  readonly closed: Promise<CloseReason>;
  /**
   * Closes the client for good, and its connection as a channel is closed.
   * Waiting calls reject at once. Repeatable; never rejects.
   */
  close(options?: CloseOptions): Promise<void>;
  /** Returns counts and the sizes of the tables. */
  stats(): ReconnectStats;
  /** Keeps the process alive while the client is open, which is the default. */
  ref(): void;
  /**
   * Lets the process end although the client is open. A running attempt to
   * connect, or the wait for it, may still delay that.
   */
  unref(): void;
}
