/**
 * RPC clients for browsers, Node and Bun, over the platform's `WebSocket`. No
 * Deno API is used.
 *
 * {@linkcode openConnection} and {@linkcode openReconnecting} work like those
 * of `@denomas/denomas/rpc` and `@denomas/denomas/reconnect`, but use
 * {@linkcode webSockets} as their transports. {@linkcode startServer} serves
 * other threads over {@linkcode messagePorts}. Pages need only the type of a
 * service: `import type { Chat } from "./server.ts"`.
 *
 * ```ts
 * import { openReconnecting } from "@denomas/denomas/browser";
 * import { service, startServer } from "@denomas/denomas/rpc";
 * import { ws } from "@denomas/denomas/websocket";
 * import { assertEquals } from "@std/assert";
 *
 * const greeter = service({ greet: (name: string) => `Hello, ${name}` });
 * await using server = await startServer("ws://127.0.0.1:0", greeter, {
 *   transports: [ws()],
 * });
 *
 * // In the page:
 * const client = await openReconnecting<typeof greeter>(server.address);
 * assertEquals(await client.remote.greet("Ada"), "Hello, Ada");
 * await client.close();
 * ```
 *
 * @module
 */
export type { Channel } from "../../channel/channel.ts";
export {
  ConnectionClosedError,
  isUnavailable,
  RemoteError,
  TimeoutError,
} from "../../channel/errors.ts";
export type { ConnectionOptions } from "../../channel/open.ts";
export type { Request } from "../../channel/request.ts";
export { ConnectError } from "../../transports/errors.ts";
export { pipes } from "../../transports/pipes.ts";
export { messagePorts } from "../../transports/ports/message_ports.ts";
export { webSockets } from "../../transports/websocket/browser.ts";
export type { WebSocketsOptions } from "../../transports/websocket/browser.ts";
export { call } from "../call.ts";
export type { RpcConnectionOptions } from "../client.ts";
export type { RpcClient } from "../rpc_client.ts";
export {
  AuthenticationError,
  isRemoteError,
  ReferenceReleasedError,
  ServiceError,
} from "../errors.ts";
export { notify, withOptions } from "../options.ts";
export { pipe } from "../pipe.ts";
export type {
  ReconnectingClient,
  ReconnectOptions,
  ReconnectState,
} from "../reconnect/client.ts";
export type { Remote } from "../remote.ts";
export { startServer } from "../server.ts";
export { expose } from "../service/expose.ts";
export { service } from "../service/service.ts";
export { openChannel, openConnection, openReconnecting } from "./open.ts";
