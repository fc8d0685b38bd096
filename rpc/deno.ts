/**
 * The functions of this layer with the transports that Deno offers.
 */
import { withTransports } from "../transports/defaults.ts";
import {
  openConnection as openNeutral,
  type RpcConnectionOptions,
} from "./client.ts";
import type { RpcClient } from "./rpc_client.ts";
import {
  type AnyClient,
  type Identified,
  type RpcServer,
  type RpcServerOptions,
  type Served,
  startServer as startNeutral,
} from "./server.ts";

/**
 * Connects to an RPC server.
 *
 * ```ts
 * import { openConnection, service, startServer } from "@denomas/denomas/rpc";
 * import { assertEquals } from "@std/assert";
 *
 * const greeter = service({ greet: (name: string) => `Hello, ${name}` });
 * await using server = await startServer("local://rpc-client", greeter);
 * await using client = await openConnection<typeof greeter>(server.address);
 * assertEquals(await client.remote.greet("Ada"), "Hello, Ada");
 * ```
 *
 * @typeParam T The service of the other side. Nothing checks that it is.
 * @throws {ConnectError} If no server could be reached.
 * @throws {AuthenticationError} If the other side refuses the `credentials`.
 * @throws {TypeError} If no transport takes the address, or `service` exposes
 * nothing.
 * @throws {RangeError} If an option or a limit is out of range.
 */
export async function openConnection<T>(
  address: string,
  options: RpcConnectionOptions = {},
): Promise<RpcClient<T>> {
  return await openNeutral<T>(address, withTransports(address, options));
}

/**
 * Serves `service` at `address`. A function makes the service of each
 * connection, when its first call comes, and what it made is disposed of when the
 * connection ends, if it can be.
 *
 * ```ts
 * import { expose, openConnection, type RpcClient, startServer } from "@denomas/denomas/rpc";
 * import { assertEquals } from "@std/assert";
 *
 * class Session implements Disposable {
 *   #count = 0;
 *   readonly #client: RpcClient;
 *   constructor(client: RpcClient) {
 *     this.#client = client;
 *   }
 *   @expose
 *   count(): string {
 *     return `${++this.#count} for ${this.#client.channel.remoteAddress}`;
 *   }
 *   [Symbol.dispose](): void {}
 * }
 * const makeSession = (client: RpcClient) => new Session(client);
 * await using server = await startServer("local://sessions", makeSession);
 * await using one = await openConnection<Session>(server.address);
 * assertEquals((await one.remote.count()).startsWith("1 for "), true);
 * await using other = await openConnection<Session>(server.address);
 * assertEquals((await other.remote.count()).startsWith("1 for "), true);
 * ```
 *
 * The type of `client.identity` is what `authenticate` returns. If clients offer a
 * service, the type of `client` says which: declare it where `onConnect` gets it,
 * or give it to `startServer<RpcClient<Sensor>>`.
 *
 * @typeParam Client The connection to a client. Nothing checks that clients offer
 * the service of its type.
 * @typeParam Identity What `authenticate` returns.
 * @throws {AddressInUseError} If another server listens there.
 * @throws {TypeError} If no transport takes the address, or `service` exposes
 * nothing.
 * @throws {RangeError} If an option or a limit is out of range.
 */
export async function startServer<
  Client extends AnyClient = RpcClient,
  Identity = Client["identity"],
>(
  address: string,
  service: Served<Identified<Client, Identity>>,
  options: RpcServerOptions<Client, Identity> = {},
): Promise<RpcServer<Identified<Client, Identity>>> {
  const complete = withTransports(address, options);
  return await startNeutral(address, service, complete);
}
