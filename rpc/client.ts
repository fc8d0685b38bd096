import type { Channel, CloseOptions } from "../channel/channel.ts";
import type { CloseReason } from "../channel/errors.ts";
import { observed } from "../transports/internal.ts";
import type { ConnectionOptions } from "../channel/open.ts";
import type { CredentialsOptions } from "./authenticate.ts";
import { openSession } from "./session/_open_session.ts";
import { type Session, sessionStarter } from "./session/_session.ts";
import type { RpcOptions, RpcStats } from "./rpc_options.ts";
import type { Remote } from "./remote.ts";
import { makeRemote } from "./references/_remote_proxy.ts";

/** Options for {@linkcode openConnection}. */
export interface RpcConnectionOptions
  extends ConnectionOptions, RpcOptions, CredentialsOptions {
  /**
   * The service that this side offers to the other.
   *
   * @default {nothing}
   */
  readonly service?: object | undefined;
}

/**
 * One side of an RPC connection, with a proxy for the service of the other side.
 * It owns its connection.
 *
 * @typeParam T The service of the other side.
 */
export interface RpcClient<T = unknown> extends AsyncDisposable {
  /** The proxy for the service of the other side. */
  readonly remote: Remote<T>;
  /** The channel of the connection. Do not read requests from it. */
  readonly channel: Channel;
  /**
   * The identity of the other side, as `authenticate` of this side returned it;
   * `undefined` without that option.
   */
  readonly identity: unknown;
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
 * Connects to an RPC server over one of `options.transports`. It has no
 * transports of its own; `deno.ts` adds them.
 *
 * @throws {ConnectError} If no server could be reached.
 * @throws {AuthenticationError} If the other side refuses the `credentials`.
 * @throws {TypeError} If no transport has the scheme of `address`, or `service`
 * exposes nothing.
 * @throws {RangeError} If an option or a limit is out of range.
 */
export async function openConnection<T>(
  address: string,
  options: RpcConnectionOptions,
): Promise<RpcClient<T>> {
  const { service = null } = options;
  const start = sessionStarter(service, { ...options, isInitiator: true });
  return clientOf<T>(await openSession(start, address, options));
}

/** Returns the handle of a session for users. */
export function clientOf<T>(session: Session): RpcClient<T> {
  const { channel } = session;
  const close = (options?: CloseOptions) => channel.close(options);
  const client: RpcClient<T> = {
    remote: makeRemote(session.calls, "") as Remote<T>,
    channel,
    get identity() {
      return session.admission.identity;
    },
    closed: channel.closed,
    close,
    stats: () => session.stats(),
    ref: () => channel.ref(),
    unref: () => channel.unref(),
    [Symbol.asyncDispose]: () => close(),
  };
  observed.by?.handed(client, channel);
  return client;
}
