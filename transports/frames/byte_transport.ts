import { type ByteStream, frameConnection } from "./framed_connection.ts";
import type {
  Connection,
  Listener,
  Transport,
  TransportConnectOptions,
  TransportListenOptions,
} from "../transport.ts";

/** One end of a stream of bytes, with the addresses of both ends. */
export interface ByteEnd {
  /** The bytes. */
  readonly stream: ByteStream;
  /** The address of this end. */
  readonly localAddress: string;
  /** The address of the other end. */
  readonly remoteAddress: string;
  /** The name in the peer's certificate, where the transport verifies one. */
  readonly peerName?: string | null;
}

/** A {@linkcode Transport} that carries bytes instead of frames. */
export interface ByteTransport {
  /** The scheme of its addresses. */
  readonly scheme: string;
  /** Listens, as {@linkcode Transport.listen} does. */
  listen(
    address: string,
    accept: (end: ByteEnd) => void,
    options?: TransportListenOptions,
  ): Promise<Listener>;
  /** Connects, as {@linkcode Transport.connect} does. */
  connect(
    address: string,
    options?: TransportConnectOptions,
  ): Promise<ByteEnd>;
}

/** Returns the transport that carries frames over the bytes of another. */
export function framed(bytes: ByteTransport): Transport {
  const frame = (end: ByteEnd, maxFrameBytes?: number): Connection =>
    frameConnection(end.stream, { ...end, maxFrameBytes });
  return {
    scheme: bytes.scheme,
    listen: (address, accept, options) =>
      bytes.listen(
        address,
        (end) => accept(frame(end, options?.maxFrameBytes)),
        options,
      ),
    connect: async (address, options) =>
      frame(await bytes.connect(address, options), options?.maxFrameBytes),
  };
}
