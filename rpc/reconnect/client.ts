import type { BackoffOptions } from "../../channel/timers/backoff.ts";
import type { ChannelStats, CloseOptions } from "../../channel/channel.ts";
import type { CloseReason } from "../../channel/errors.ts";
import type { RpcClient, RpcConnectionOptions } from "../client.ts";
import type { RpcStats } from "../rpc_options.ts";
import type { Remote } from "../remote.ts";

/**
 * `connected`: calls leave at once. `reconnecting`: the connection was lost,
 * and calls wait for the next. `closed`: for good.
 */
export type ReconnectState = "connected" | "reconnecting" | "closed";

/** Options for `openReconnecting`. */
export interface ReconnectOptions<T = unknown> extends RpcConnectionOptions {
  /**
   * How long a call waits for a connection while there is none, in
   * milliseconds; `Infinity` for ever. With 0 it fails at once, and no call is
   * ever sent again.
   *
   * @default {30_000}
   */
  readonly queueTimeoutMs?: number | undefined;
  /**
   * The waits before attempts to connect again. Each is random, between half
   * of the longest and the longest, which doubles from `initialMs` up to
   * `maxMs`. After a connection that lasted for `maxMs` it starts anew.
   */
  readonly backoff?: Partial<BackoffOptions> | undefined;
  /**
   * Paths of methods whose calls may run twice, such as `"sub/load"`, beside
   * those that the server itself marks by `@expose({ idempotent: true })`.
   *
   * @default {[]}
   */
  readonly idempotent?: readonly string[] | undefined;
  /**
   * Is called with each new connection, the first one included; calls that
   * wait are sent when it is done. If it throws, that connection is closed;
   * then `openReconnecting` rejects the first time, and later the
   * error is reported to `onError` and the client tries again. It may take as
   * long as the connection lasts; `signal` ends the first.
   */
  readonly onConnect?:
    | ((client: RpcClient<T>) => void | Promise<void>)
    | undefined;
  /**
   * Hears of each change of the state after the first connection, with the
   * reason if a connection, or the client, ended. If it throws, or returns a
   * promise that rejects, the error is reported to `onError`.
   */
  readonly onStateChange?:
    | ((state: ReconnectState, reason: CloseReason | null) => void)
    | undefined;
}

/** Counts of a {@linkcode ReconnectingClient}. */
export interface ReconnectStats {
  /** How many connections there have been. */
  readonly connections: number;
  /** How many of them ended with an error, such as those that were lost. */
  readonly failedConnections: number;
  /** Calls that wait for a connection. */
  readonly waitingCalls: number;
  /** The present connection, or `null` while there is none. */
  readonly connection: RpcStats | null;
  /** The sums over all its connections, those that have ended included. */
  readonly total: ChannelStats;
}

/**
 * A client that outlives its connections. It owns the present one, and the
 * timer of the next attempt. Made by `openReconnecting`.
 *
 * @typeParam T The service of the server.
 */
export interface ReconnectingClient<T = unknown> extends AsyncDisposable {
  /** The address that it connects to. */
  readonly address: string;
  /**
   * The proxy for the service of the server, whichever connection leads there.
   * Functions, services and streams that its methods return belong to the
   * connection that brought them.
   *
   * Beside all errors of an {@linkcode RpcClient}'s calls, a call may reject
   * with a `ConnectionClosedError` whose `sent` is `false` if it waited in
   * vain, and with a `QueueFullError` if too many wait.
   */
  readonly remote: Remote<T>;
  /** Whether there is a connection. */
  readonly state: ReconnectState;
  /** Resolves when it is closed and all is gone, to the reason. Never rejects. */
  readonly closed: Promise<CloseReason>;
  /**
   * Closes it for good, and its connection as a channel is closed. Calls that
   * wait reject at once. Repeatable; never rejects.
   */
  close(options?: CloseOptions): Promise<void>;
  /** The sizes of its tables. */
  stats(): ReconnectStats;
  /** Keeps the process alive while it is open, as it does at first. */
  ref(): void;
  /**
   * Lets the process end although it is open; an attempt to connect that is
   * under way, or waited for, may hold it up.
   */
  unref(): void;
}
