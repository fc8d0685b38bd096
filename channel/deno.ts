/** The functions of this layer with Deno's default transports. */
import { withTransports } from "../transports/defaults.ts";
import type { Channel } from "./channel.ts";
import { startPlain } from "./_connection_channel.ts";
import { type ConnectionOptions, openConnectionWith } from "./open.ts";
import {
  type ConnectHandler,
  type Server,
  type ServerOptions,
  startServerWith,
} from "./server.ts";

/**
 * Connects to a server and returns the channel.
 *
 * ```ts
 * import { openConnection, startServer } from "@denomas/denomas/channel";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await startServer("local://adder", async (channel) => {
 *   for await (const request of channel) {
 *     await request.reply(Number(request.content) + 1);
 *   }
 * });
 * await using channel = await openConnection(server.address);
 * assertEquals(await channel.send(1, { timeoutMs: 1_000 }), 2);
 * ```
 *
 * @throws {ConnectError} If no server could be reached within `retryForMs`. One
 * attempt takes at most 10 s.
 * @throws {TypeError} If no transport supports the address, or `tls` does not
 * fit it or cannot be used.
 */
export async function openConnection(
  address: string,
  options: ConnectionOptions = {},
): Promise<Channel> {
  const complete = withTransports(address, options);
  return await openConnectionWith(startPlain, address, complete);
}

/**
 * Listens at `address` and calls `onConnect` with a channel for each
 * connection.
 *
 * ```ts
 * import { openConnection, startServer } from "@denomas/denomas/channel";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await startServer("local://echo", async (channel) => {
 *   for await (const request of channel) await request.reply(request.content);
 * });
 * await using channel = await openConnection(server.address);
 * assertEquals(await channel.send("hello"), "hello");
 * ```
 *
 * @param address The address to listen at: `tcp://host:port`, with port 0 for a
 * free port, `ipc://[/path/to/socket]`, `local://name`, or an address of one of
 * `transports`.
 * @throws {AddressInUseError} If another server listens there.
 * @throws {TypeError} If no transport supports the address, or `tls` does not
 * fit it or cannot be used.
 */
export async function startServer(
  address: string,
  onConnect: ConnectHandler,
  options: ServerOptions = {},
): Promise<Server> {
  const complete = withTransports(address, options);
  return await startServerWith(startPlain, address, onConnect, complete);
}
