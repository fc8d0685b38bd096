/**
 * One RPC client over connections that may be lost: it makes the next one,
 * and calls made in between wait for it.
 *
 * A call that may have run is never sent again, unless its method is
 * idempotent. What belongs to one connection, such as a stream or a callback,
 * fails with it. {@linkcode openReconnecting} is the only way in; the services
 * are those of the RPC layer, and so are their servers.
 *
 * ```ts
 * import { openReconnecting } from "@denomas/denomas/reconnect";
 * import { service, startServer } from "@denomas/denomas/rpc";
 * import { assertEquals } from "@std/assert";
 *
 * const adder = service({ add: (a: number, b: number) => a + b });
 * const server = await startServer("local://reconnect", adder);
 * await using client = await openReconnecting<typeof adder>(server.address);
 * await server.close();
 *
 * const sum = client.remote.add(1, 2);
 * assertEquals(client.state, "reconnecting");
 * await using again = await startServer(server.address, adder);
 * assertEquals(await sum, 3);
 * assertEquals(again.clients.size, 1);
 * ```
 *
 * @module
 */
export type {
  ReconnectingClient,
  ReconnectOptions,
  ReconnectState,
  ReconnectStats,
} from "./client.ts";
export { openReconnecting } from "./deno.ts";
