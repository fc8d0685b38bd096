/**
 * Request-reply channels for Deno over TCP, Unix sockets and an in-memory
 * queue, on the wire of Python's aiomas and mosaik.
 *
 * This entry gathers the layers; each has one of its own, with its docs:
 * `./channel` and, below it, `./transports`. The test helper is `./testing`.
 *
 * ```ts
 * import { channel } from "@denomas/denomas";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await channel.startServer(
 *   "tcp://127.0.0.1:0",
 *   async (channel) => {
 *     const request = await channel.recv();
 *     await request.reply("cya");
 *   },
 * );
 * await using client = await channel.openConnection(server.address);
 * assertEquals(await client.send("ohai"), "cya");
 * ```
 *
 * @module
 */
export * as channel from "./channel/mod.ts";
export * as rpc from "./rpc/mod.ts";
export { expose } from "./rpc/expose.ts";
export { service } from "./rpc/service.ts";
export * as transports from "./transports/mod.ts";
