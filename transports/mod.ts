/**
 * Bytes between two ends: the lowest layer of denomas.
 *
 * A {@linkcode Transport} listens and connects. A {@linkcode Connection}
 * carries bytes both ways. {@linkcode tcp}, {@linkcode unix} and
 * {@linkcode memory} return the built-in transports. {@linkcode encodeFrame}
 * and {@linkcode FrameDecoder} convert frames to bytes and back. This layer has
 * no requests and replies: for those use `@denomas/denomas/channel`, which also
 * accepts your own transports.
 *
 * ```ts
 * import { type Connection, memory } from "@denomas/denomas/transports";
 * import { assertEquals } from "@std/assert";
 *
 * const transport = memory();
 * const accepted = Promise.withResolvers<Connection>();
 * const { resolve } = accepted;
 * const listener = await transport.listen("local://bytes", resolve);
 *
 * const near = await transport.connect(listener.address);
 * const far = await accepted.promise;
 * await near.stream.write(new Uint8Array([1, 2, 3]));
 * const into = new Uint8Array(8);
 * assertEquals(await far.stream.read(into), 3);
 *
 * near.stream.close();
 * far.stream.close();
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
export { memory } from "./memory.ts";
export { pipes } from "./pipes.ts";
export type { Pipes } from "./pipes.ts";
export { messagePorts } from "./ports/message_ports.ts";
export type { PortLike } from "./ports/message_ports.ts";
export { tcp } from "./tcp.ts";
export type { TcpOptions } from "./tcp.ts";
export type { PemSource, TlsOptions } from "./tls/options.ts";
export type {
  ByteStream,
  Connection,
  Listener,
  Transport,
  TransportConnectOptions,
  TransportListenOptions,
} from "./transport.ts";
export { unix } from "./unix.ts";
export type { UnixOptions } from "./unix.ts";
