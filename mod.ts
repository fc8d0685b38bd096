/**
 * Agents, typed RPC and request-reply channels for Deno over TCP, Unix sockets
 * and an in-memory queue, with the wire format of Python's aiomas and mosaik.
 *
 * This entry re-exports all layers. Each layer also has its own entry with its
 * own docs: `./agent`, `./rpc`, `./channel` and `./transports`, from top to
 * bottom. The test helpers are in `./testing`.
 *
 * ```ts
 * import { Agent, Container, expose } from "@denomas/denomas";
 * import { assertEquals } from "@std/assert";
 *
 * class Greeter extends Agent {
 *   @expose
 *   greet(name: string): string {
 *     return `Hello, ${name}`;
 *   }
 * }
 *
 * await using there = await Container.create("tcp://127.0.0.1:0");
 * await using here = await Container.create("tcp://127.0.0.1:0");
 * const { address } = await there.spawn(Greeter);
 * const greeter = await here.connect<Greeter>(address);
 * assertEquals(await greeter.greet("Ada"), "Hello, Ada");
 * ```
 *
 * Without agents, requests and replies:
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
export * as agent from "./agent/mod.ts";
export { Agent } from "./agent/agent.ts";
export { Container } from "./agent/container.ts";
export * as channel from "./channel/mod.ts";
export * as rpc from "./rpc/mod.ts";
export { notify } from "./rpc/options.ts";
export { expose } from "./rpc/service/expose.ts";
export { service } from "./rpc/service/service.ts";
export * as transports from "./transports/mod.ts";
