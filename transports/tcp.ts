import {
  type ByteEnd,
  type ByteTransport,
  framed,
} from "./frames/_byte_transport.ts";
import { StreamListener } from "./_stream_listener.ts";
import {
  connectTcp,
  formatTcpAddress,
  listenTcp,
  tuneTcp,
} from "./_tcp_socket.ts";
import type {
  Listener,
  Transport,
  TransportConnectOptions,
  TransportListenOptions,
} from "./transport.ts";

/** The bytes below {@linkcode tcp}. */
export const tcpBytes: ByteTransport = { scheme: "tcp", listen, connect };

/**
 * Frames over TCP, at `tcp://host:port`; port 0 lets the system choose one.
 *
 * Nagle's algorithm is off, since it delays the second of two small writes by
 * 40 ms and more; keep-alive is on, so that a host that vanished is noticed.
 * Needs `--allow-net`.
 */
export const tcp: Transport = framed(tcpBytes);

// Async, so that what `Deno.listen` throws becomes a rejection.
// deno-lint-ignore require-await
async function listen(
  address: string,
  accept: (end: ByteEnd) => void,
  options: TransportListenOptions = {},
): Promise<Listener> {
  const listener = listenTcp(address);
  return new StreamListener<Deno.TcpConn>(listener, {
    address: formatTcpAddress(listener.addr),
    accept: (conn) => accept(wrap(conn)),
    onError: options.onError,
  });
}

async function connect(
  address: string,
  options: TransportConnectOptions = {},
): Promise<ByteEnd> {
  return wrap(await connectTcp(address, options.signal));
}

function wrap(conn: Deno.TcpConn): ByteEnd {
  tuneTcp(conn);
  return {
    stream: conn,
    localAddress: formatTcpAddress(conn.localAddr),
    remoteAddress: formatTcpAddress(conn.remoteAddr),
  };
}
