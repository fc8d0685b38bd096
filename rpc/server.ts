import {
  type Server,
  type ServerOptions,
  startServerWith,
} from "../channel/server.ts";
import type { AuthenticateOptions } from "./authenticate.ts";
import type { RpcClient } from "./rpc_client.ts";
import type { RpcOptions } from "./rpc_options.ts";
import type { SessionOptions } from "./session/_options.ts";
import {
  type Session,
  type SessionStarter,
  sessionStarter,
} from "./session/_session.ts";

/** The connection to any client. */
// deno-lint-ignore no-explicit-any -- the types of clients are not compared
export type AnyClient = RpcClient<any, any>;

/** A `Client` whose identity `authenticate` has returned. */
export type Identified<Client, Identity> = Client & {
  /** What `authenticate` returned for it. */
  readonly identity: Identity;
};

/**
 * Options for {@linkcode startServer}.
 *
 * @typeParam Client The connection to a client, such as `RpcClient<Sensor>` if
 * clients offer a `Sensor`.
 * @typeParam Identity What `authenticate` returns.
 */
export interface RpcServerOptions<
  Client extends AnyClient = RpcClient,
  Identity = Client["identity"],
> extends ServerOptions, RpcOptions<Identity>, AuthenticateOptions<Identity> {
  /**
   * Called for each connection, after `authenticate` has admitted the client. The
   * service of the client can be called here. If this throws, the error is
   * reported and that connection is closed.
   */
  readonly onConnect?:
    | ((client: Identified<Client, Identity>) => void | Promise<void>)
    | undefined;
}

/** What {@linkcode startServer} serves: a service, or what makes one. */
export type Served<Client> = object | ((client: Client) => object);

/**
 * A listening RPC server. It owns its connections. When it closes, running
 * methods have `graceMs` to answer.
 *
 * @typeParam Client The connection to a client.
 */
export interface RpcServer<Client extends AnyClient = RpcClient>
  extends Omit<Server, "channels"> {
  /** The open connections of admitted clients. */
  readonly clients: ReadonlySet<Client>;
}

/**
 * Serves `service` at `address` over one of `options.transports`; there are no
 * others. A function makes the service of each connection.
 *
 * @throws {AddressInUseError} If another server listens there.
 * @throws {TypeError} If no transport has the scheme of `address`, or `service`
 * exposes nothing.
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
  const root = typeof service === "function"
    ? ({ client }: Session) =>
      service(client as Identified<Client, Identity>) as object
    : service;
  // Middleware gets the identities that `authenticate` of the same options made.
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
