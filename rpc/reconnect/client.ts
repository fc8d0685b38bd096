import type { BackoffOptions } from "../../channel/timers/backoff.ts";
import type { ChannelStats, CloseOptions } from "../../channel/channel.ts";
import type { CloseReason } from "../../channel/errors.ts";
import type { RpcConnectionOptions } from "../client.ts";
import type { RpcClient } from "../rpc_client.ts";
import type { RpcStats } from "../rpc_client.ts";
import type { Remote } from "../remote.ts";

/**
 * The state of a {@linkcode ReconnectingClient}.
 *
 * - `connected`: calls are sent at once.
 * - `reconnecting`: the connection was lost, and calls wait for the next one.
 * - `offline`: like `reconnecting`, in a page whose browser reports that there
 *   is no network.
 * - `closed`: the client was closed permanently.
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
   * milliseconds. `Infinity` means without limit. With 0, such a call fails at
   * once and no call is repeated.
   *
   * @default {30_000}
   */
  readonly queueTimeoutMs?: number | undefined;
  /**
   * How long a call is retried that the server refuses with a
   * `ServerBusyError`, in milliseconds. With 0 the call rejects at once; with
   * `Infinity` its `timeoutMs` is the only limit. A refused call has not run,
   * so retrying is safe for all methods. The waits are those of `backoff`.
   *
   * @default {0}
   */
  readonly retryBusyForMs?: number | undefined;
  /**
   * The waits before attempts to reconnect, and before retries of refused
   * calls. Each wait is random, between half of the current maximum and that
   * maximum, which doubles from `initialMs` up to `maxMs`. After a connection
   * that lasted for `maxMs` the waits restart at `initialMs`.
   */
  readonly backoff?: Partial<BackoffOptions> | undefined;
  /**
   * Paths of idempotent methods, whose calls may run twice, such as
   * `"sub/load"`. They are added to the methods that the server marks with
   * `@expose({ idempotent: true })`.
   *
   * @default {[]}
   */
  readonly idempotent?: readonly string[] | undefined;
  /**
   * Called with each new connection, including the first one. Waiting calls are
   * sent after it has finished. Only the end of the connection limits its time;
   * for the first connection, `signal` does, too. If it throws, that connection
   * is closed: for the first connection `openReconnecting` rejects, later the
   * error is reported to `onError` and the client tries again. If the
   * connection ends before it finishes, the attempt counts as failed.
   */
  readonly onConnect?:
    | ((client: RpcClient<T>) => void | Promise<void>)
    | undefined;
  /**
   * Called for each state change after the first connection. `reason` tells why
   * the connection or the client ended, and is `null` once connected. If it
   * throws, or returns a promise that rejects, the error is reported to
   * `onError`.
   */
  readonly onStateChange?:
    | ((state: ReconnectState, reason: CloseReason | null) => void)
    | undefined;
}

/** Counts of a {@linkcode ReconnectingClient}. */
export interface ReconnectStats {
  /** The number of connections that were made. */
  readonly connections: number;
  /** The number of connections that ended with an error, such as lost ones. */
  readonly failedConnections: number;
  /** The number of failed attempts to connect. */
  readonly failedAttempts: number;
  /** The number of calls that wait for a connection or a busy server. */
  readonly waitingCalls: number;
  /** The current connection, or `null` while there is none. */
  readonly connection: RpcStats | null;
  /** The sums over all connections, including those that have ended. */
  readonly total: ChannelStats;
}

/**
 * A client that outlives its connections. It owns the current connection and
 * the timer for the next attempt. Created by `openReconnecting`.
 *
 * @typeParam T The service of the server.
 */
export interface ReconnectingClient<T = unknown> extends AsyncDisposable {
  /** The address of the server. */
  readonly address: string;
  /**
   * The proxy for the service of the server. It works across connections, but
   * functions, services and streams that its methods return belong to the
   * connection that carried them.
   *
   * In addition to the errors of an {@linkcode RpcClient}'s calls, a call
   * rejects with a `ConnectionClosedError` whose `sent` is `false` if there is
   * no connection in time, and with a `QueueFullError` if too many calls wait.
   */
  readonly remote: Remote<T>;
  /** The state of the connection. */
  readonly state: ReconnectState;
  /** Resolves to the reason when the client is closed. Never rejects. */
  readonly closed: Promise<CloseReason>;
  /**
   * Closes the client permanently, and its connection like a channel. Waiting
   * calls reject at once. Repeatable; never rejects.
   */
  close(options?: CloseOptions): Promise<void>;
  /** Returns counters and table sizes. */
  stats(): ReconnectStats;
  /** Keeps the process alive while the client is open, which is the default. */
  ref(): void;
  /**
   * Lets the process end while the client is open. A running attempt to
   * connect, or the wait before it, may delay the end.
   */
  unref(): void;
}
