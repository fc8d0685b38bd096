import {
  type Server,
  type ServerOptions,
  startServerWith,
} from "../channel/server.ts";
import type { AuthenticateOptions } from "./authenticate.ts";
import type { RpcClient } from "./rpc_client.ts";
import type { RpcOptions } from "./rpc_options.ts";
import { refuseClass } from "./service/service.ts";
import type { SessionOptions } from "./session/_options.ts";
import {
  type Session,
  type SessionStarter,
  sessionStarter,
} from "./session/_session.ts";

/** The connection to any client. */
// deno-lint-ignore no-explicit-any -- the types of clients are not compared
export type AnyClient = RpcClient<any, any>;

/** A `Client` with the identity that `authenticate` returned. */
export type Identified<Client, Identity> = Client & {
  /** The identity that `authenticate` returned for this client. */
  readonly identity: Identity;
};

/**
 * Options for {@linkcode startServer}.
 *
 * @typeParam Client The connection to a client, such as `RpcClient<Sensor>` if
 * clients offer a `Sensor`.
 * @typeParam Identity The identity that `authenticate` returns.
 */
export interface RpcServerOptions<
  Client extends AnyClient = RpcClient,
  Identity = Client["identity"],
> extends ServerOptions, RpcOptions<Identity>, AuthenticateOptions<Identity> {
  /**
   * Called for each connection, after `authenticate` has admitted the client.
   * It can call the service of the client. If it throws, the error is reported
   * and that connection is closed.
   */
  readonly onConnect?:
    | ((client: Identified<Client, Identity>) => void | Promise<void>)
    | undefined;
}

/**
 * The argument of {@linkcode startServer}: a service, or a function that
 * creates a service for each connection.
 */
export type Served<Client> = object | ((client: Client) => object);

/**
 * A listening RPC server. It owns its connections. When it closes, running
 * methods have `graceMs` to finish.
 *
 * @typeParam Client The connection to a client.
 */
export interface RpcServer<Client extends AnyClient = RpcClient>
  extends Omit<Server, "channels"> {
  /** The open connections of admitted clients. */
  readonly clients: ReadonlySet<Client>;
}

/**
 * Serves `service` at `address` over one of `options.transports`. There are no
 * default transports. If `service` is a function, it creates a service for each
 * connection.
 *
 * @throws {AddressInUseError} If another server listens there.
 * @throws {TypeError} If no transport has the scheme of `address`, or `service`
 * exposes nothing or is a class.
 * @throws {RangeError} If an option or a limit is out of range.
 */
export async function startServer<
  Client extends AnyClient = RpcClient,
  Identity = Client["identity"],
>(
  address: string,
  service: Served<Identified<Client, Identity>>,
  options: RpcServerOptions<Client, Identity>,
): Promise<RpcServer<Identified<Client, Identity>>> {
  refuseClass(service);
  const root = typeof service === "function"
    ? ({ client }: Session) =>
      service(client as Identified<Client, Identity>) as object
    : service;
  // The cast is safe: `authenticate` and middleware are in the same options, so
  // their identity types agree.
  const sessionOptions = options as SessionOptions;
  const start = sessionStarter(root, { ...sessionOptions, isInitiator: false });
  return await serveWith(start, address, options);
}

/**
 * Like {@linkcode startServer}, with sessions that another layer starts.
 *
 * @internal
 */
export async function serveWith<Client extends AnyClient, Identity>(
  startSession: SessionStarter,
  address: string,
  options: RpcServerOptions<Client, Identity>,
): Promise<RpcServer<Identified<Client, Identity>>> {
  const clients = new Set<Identified<Client, Identity>>();
  const server = await startServerWith(
    startSession,
    address,
    async (session) => {
      const { admitted } = session.admission;
      if (admitted !== null && !await admitted) return;
      const client = session.client as Identified<Client, Identity>;
      clients.add(client);
      client.closed.then(() => clients.delete(client));
      await options.onConnect?.(client);
    },
    options,
  );
  return Object.assign(server, { clients });
}
