/**
 * Request-reply channels: both sides of a connection make calls, and answer the
 * requests of the other side.
 *
 * {@linkcode startServer} listens, {@linkcode openConnection} connects, and
 * both provide a {@linkcode Channel}. Every call settles, whatever happens to
 * the connection. You choose the content of messages. For named methods and
 * proxies, use `@denomas/denomas/rpc`.
 *
 * ```ts
 * import { openConnection, startServer } from "@denomas/denomas/channel";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await startServer("local://greeter", async (channel) => {
 *   for await (const request of channel) {
 *     await request.reply(`Hello, ${request.content}`);
 *   }
 * });
 * await using channel = await openConnection(server.address);
 * assertEquals(await channel.send("Ada"), "Hello, Ada");
 * ```
 *
 * @module
 */
export type {
  Channel,
  ChannelStats,
  CloseOptions,
  SendOptions,
} from "./channel.ts";
export type { Codec, CodecCapabilities, DecodeLimits } from "./codecs/codec.ts";
export { json } from "./codecs/json/json.ts";
export type { JsonOptions } from "./codecs/json/json.ts";
export { msgpack } from "./codecs/msgpack/msgpack.ts";
export { serializable, serializerOf } from "./codecs/types/serializable.ts";
export type { Serializer } from "./codecs/types/serializer.ts";
export { openConnection, startServer } from "./deno.ts";
export {
  ConnectionClosedError,
  isUnavailable,
  QueueFullError,
  RemoteError,
  SerializationError,
  ServerBusyError,
  TimeoutError,
} from "./errors.ts";
export type { CloseReason } from "./errors.ts";
export type { LimitOptions, Limits } from "./limits/limits.ts";
export type { ConnectionOptions } from "./open.ts";
export type { ChannelOptions } from "./options.ts";
export type { ErrorContext, OnError } from "./report.ts";
export type { Request } from "./request.ts";
export type {
  ConnectHandler,
  Server,
  ServerOptions,
  ServerStats,
} from "./server.ts";
export type { BackoffOptions } from "./timers/backoff.ts";
export {
  AddressInUseError,
  ConnectError,
  DenomasError,
  FrameTooLargeError,
  HandshakeError,
  ProtocolError,
} from "../transports/errors.ts";
export type { PemSource, TlsOptions } from "../transports/tls/options.ts";
