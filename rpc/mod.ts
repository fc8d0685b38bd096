/**
 * Typed remote procedure calls, both ways, over channels.
 *
 * A service is a class with methods marked by {@linkcode expose}, or functions
 * gathered by {@linkcode service}. {@linkcode startServer} serves it, and
 * {@linkcode openConnection} hands out a typed proxy for it.
 *
 * ```ts
 * import { expose, openConnection, startServer } from "@denomas/denomas/rpc";
 * import { assertEquals } from "@std/assert";
 *
 * class Counter {
 *   #count = 0;
 *   @expose
 *   add(amount: number): number {
 *     return this.#count += amount;
 *   }
 *   @expose
 *   async *upTo(last: number): AsyncGenerator<number> {
 *     for (let i = 1; i <= last; i++) yield i;
 *   }
 * }
 *
 * await using server = await startServer("local://counter", new Counter());
 * await using client = await openConnection<Counter>(server.address);
 * assertEquals(await client.remote.add(2), 2);
 * assertEquals(await Array.fromAsync(await client.remote.upTo(3)), [1, 2, 3]);
 * ```
 *
 * @module
 */
export * from "./authenticate.ts";
export * from "./call.ts";
export { openConnection, startServer } from "./deno.ts";
export type { RpcClient, RpcConnectionOptions, RpcStats } from "./client.ts";
export * from "./errors.ts";
export * from "./expose.ts";
export * from "./kwargs.ts";
export type {
  CallMiddleware,
  CallNext,
  ConnectionObserver,
  MadeCall,
  Middleware,
  RequestMiddleware,
  RequestNext,
  ServedCall,
} from "./middleware.ts";
export * from "./options.ts";
export * from "./remote.ts";
export type { RpcServer, RpcServerOptions } from "./server.ts";
export * from "./service.ts";
export type { RpcOptions } from "./session/options.ts";
export type { ReservedName } from "./reserved_names.ts";
export type { StreamWindow } from "./streams/_outgoing_streams.ts";
export type { SessionStats } from "./session/_session.ts";
