/**
 * Frames between two ends: the lowest layer of denomas.
 *
 * A {@linkcode Transport} listens and connects; a {@linkcode Connection}
 * carries whole frames both ways. {@linkcode tcp}, {@linkcode unix} and
 * {@linkcode memory} return the built-in transports. Your own transport needs a
 * {@linkcode ByteStream} and {@linkcode frameConnection}. This layer knows no
 * requests and replies: for those use `@denomas/denomas/channel`.
 *
 * ```ts
 * import { memory } from "@denomas/denomas/transports";
 * import { assertEquals } from "@std/assert";
 *
 * const transport = memory();
 * const received = Promise.withResolvers<string>();
 * const listener = await transport.listen("local://frames", (connection) => {
 *   connection.start({
 *     frame: (payload) => received.resolve(new TextDecoder().decode(payload)),
 *     written: () => {},
 *     end: () => {},
 *   });
 * });
 *
 * const connection = await transport.connect("local://frames");
 * connection.start({ frame: () => {}, written: () => {}, end: () => {} });
 * connection.send("a frame");
 * assertEquals(await received.promise, "a frame");
 *
 * connection.close();
 * await listener.close();
 * ```
 *
 * @module
 */
export {
  AddressInUseError,
  ConnectError,
  DenomasError,
  FrameTooLargeError,
  HandshakeError,
  ProtocolError,
} from "./errors.ts";
export type { HandshakeCode } from "./errors.ts";
export { encodeFrame, FrameDecoder } from "./frames/frame.ts";
export { frameConnection } from "./frames/framed_connection.ts";
export type {
  ByteStream,
  FrameConnectionOptions,
} from "./frames/framed_connection.ts";
export { memory } from "./memory.ts";
export { tcp } from "./tcp.ts";
export type { TcpOptions } from "./tcp.ts";
export type { PemSource, TlsOptions } from "./tls/options.ts";
export type {
  Connection,
  FrameReceiver,
  HandshakeOptions,
  Listener,
  Transport,
  TransportConnectOptions,
  TransportListenOptions,
} from "./transport.ts";
export { unix } from "./unix.ts";
export type { UnixOptions } from "./unix.ts";
