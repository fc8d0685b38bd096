import { type ByteStream, frameConnection } from "./framed_connection.ts";
import type {
  Listener,
  Transport,
  TransportConnectOptions,
  TransportListenOptions,
} from "../transport.ts";

/** One end of a stream of bytes, with the addresses of both. */
export interface ByteEnd {
  readonly stream: ByteStream;
  readonly localAddress: string;
  readonly remoteAddress: string;
}

/** What carries bytes where a {@linkcode Transport} carries frames. */
export interface ByteTransport {
  readonly scheme: string;
  /** As {@linkcode Transport.listen}. */
  listen(
    address: string,
    accept: (end: ByteEnd) => void,
    options?: TransportListenOptions,
  ): Promise<Listener>;
  /** As {@linkcode Transport.connect}. */
  connect(
    address: string,
    options?: TransportConnectOptions,
  ): Promise<ByteEnd>;
}

/** The transport that carries frames in the bytes of another. */
export function framed(bytes: ByteTransport): Transport {
  return {
    scheme: bytes.scheme,
    listen: (address, accept, options) =>
      bytes.listen(address, (end) => accept(frame(end, options)), options),
    connect: async (address, options) =>
      frame(await bytes.connect(address, options), options),
  };
}

function frame(
  { stream, localAddress, remoteAddress }: ByteEnd,
  { maxFrameBytes }: { readonly maxFrameBytes?: number } = {},
): ReturnType<typeof frameConnection> {
  return frameConnection(stream, {
    localAddress,
    remoteAddress,
    maxFrameBytes,
  });
}
