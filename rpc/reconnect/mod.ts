/**
 * An RPC client that survives the loss of its connection: it reconnects, and
 * calls made in between wait for the next connection.
 *
 * A call that may have run is never sent again, unless its method is
 * idempotent. Streams, callbacks and other values that belong to one connection
 * fail with it. {@linkcode openReconnecting} is the only entry point; services
 * and servers are those of the RPC layer.
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
