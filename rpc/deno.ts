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
 * @typeParam T The service of the other side. This is not checked.
 * @throws {ConnectError} If no server could be reached.
 * @throws {AuthenticationError} If the other side refuses the `credentials`.
 * @throws {TypeError} If no transport supports the address, or `service`
 * exposes nothing.
 * @throws {RangeError} If an option or a limit is out of range.
 */
export async function openConnection<T>(
  address: string,
  options: RpcConnectionOptions = {},
): Promise<RpcClient<T>> {
  return await openNeutral<T>(address, withTransports(address, options));
}

/**
 * Serves `service` at `address`. If `service` is a function, it creates a
 * service for each connection, when the first call arrives. If that service is
 * disposable, it is disposed of when the connection ends.
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
 * The type of `client.identity` is the return type of `authenticate`. If
 * clients offer a service, declare its type in the parameter of `onConnect`, or
 * pass it as in `startServer<RpcClient<Sensor>>`.
 *
 * @typeParam Client The connection to a client. It is not checked that clients
 * offer the service of its type.
 * @typeParam Identity The identity that `authenticate` returns.
 * @throws {AddressInUseError} If another server listens there.
 * @throws {TypeError} If no transport supports the address, or `service`
 * exposes nothing or is a class.
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
