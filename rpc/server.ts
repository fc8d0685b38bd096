import {
  type Server,
  type ServerOptions,
  startServerWith,
} from "../channel/server.ts";
import type { AuthenticateOptions } from "./authenticate.ts";
import { clientOf, type RpcClient } from "./client.ts";
import {
  type Session,
  type SessionStarter,
  sessionStarter,
} from "./session/_session.ts";
import type { RpcOptions } from "./rpc_options.ts";

/** Options for {@linkcode startServer}. */
export interface RpcServerOptions<T = unknown>
  extends ServerOptions, RpcOptions, AuthenticateOptions {
  /**
   * Called for each connection, after `authenticate` has admitted the client. The
   * service of the client can be called here. If this throws, the error is
   * reported and that connection is closed.
   */
  readonly onConnect?:
    | ((client: RpcClient<T>) => void | Promise<void>)
    | undefined;
}

/**
 * A listening RPC server. It owns its connections. When it closes, running
 * methods have `graceMs` to answer.
 */
export interface RpcServer<T = unknown> extends Omit<Server, "channels"> {
  /** The open connections of admitted clients. */
  readonly clients: ReadonlySet<RpcClient<T>>;
}

/**
 * Serves `service` at `address` over one of `options.transports`. It has no
 * transports of its own; `deno.ts` adds them. A function makes the service of
 * each connection.
 *
 * @throws {AddressInUseError} If another server listens there.
 * @throws {TypeError} If no transport has the scheme of `address`, or `service`
 * exposes nothing.
 * @throws {RangeError} If an option or a limit is out of range.
 */
export async function startServer<T = unknown>(
  address: string,
  service: object | ((client: RpcClient<T>) => object),
  options: RpcServerOptions<T>,
): Promise<RpcServer<T>> {
  const root = typeof service === "function"
    ? (session: Session) =>
      (service as (client: RpcClient<T>) => object)(clientOf<T>(session))
    : service;
  const start = sessionStarter(root, { ...options, isInitiator: false });
  return await serveWith(start, address, options);
}

/**
 * Like {@linkcode startServer}, with sessions that another layer starts.
 *
 * @internal
 */
export async function serveWith<T>(
  startSession: SessionStarter,
  address: string,
  options: RpcServerOptions<T>,
): Promise<RpcServer<T>> {
  const clients = new Set<RpcClient<T>>();
  const server = await startServerWith(
    startSession,
    address,
    async (session) => {
      const { admitted } = session.admission;
      if (admitted !== null && !await admitted) return;
      const client = clientOf<T>(session);
      clients.add(client);
      client.closed.then(() => clients.delete(client));
      await options.onConnect?.(client);
    },
    options,
  );
  return Object.assign(server, { clients });
}
