/**
 * Typed remote procedure calls, in both directions, over channels.
 *
 * A service is a class with methods marked by {@linkcode expose}, or functions
 * grouped by {@linkcode service}. {@linkcode startServer} serves it, and
 * {@linkcode openConnection} returns a client with a typed proxy for it.
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
export type { Authenticate } from "./authenticate.ts";
export { broadcast } from "./broadcast.ts";
export { call } from "./call.ts";
export type { Call, CallOptions, Guard } from "./call.ts";
export type { RpcConnectionOptions } from "./client.ts";
export { openConnection, startServer } from "./deno.ts";
export { describe } from "./service/describe.ts";
export type { ServiceDescription } from "./service/describe.ts";
export { RemoteError } from "../channel/errors.ts";
export {
  AgentNotFoundError,
  AuthenticationError,
  isRemoteError,
  MethodNotFoundError,
  ReferenceReleasedError,
  ServiceError,
  UnsupportedByPeerError,
  ValidationError,
} from "./errors.ts";
export { expose } from "./service/expose.ts";
export type { ExposeOptions } from "./service/expose.ts";
export { kwargs } from "./kwargs.ts";
export { guarded, method } from "./service/method.ts";
export type {
  CallMiddleware,
  ConnectionObserver,
  MadeCall,
  Middleware,
  RequestMiddleware,
  ServedCall,
} from "./middleware.ts";
export { keep, notify, sameRemote, withOptions } from "./options.ts";
export { pipe } from "./pipe.ts";
export type { Remote, RemoteFunction, RemoteStream } from "./remote.ts";
export type { RpcClient, RpcStats } from "./rpc_client.ts";
export type { RpcOptions, StreamWindow } from "./rpc_options.ts";
export type { RpcServer, RpcServerOptions } from "./server.ts";
export type { StandardSchema } from "./service/schemas.ts";
export { Router, service } from "./service/service.ts";
