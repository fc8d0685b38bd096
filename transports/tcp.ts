import { frameConnection } from "./framed_connection.ts";
import { StreamListener } from "./_stream_listener.ts";
import {
  connectTcp,
  formatTcpAddress,
  listenTcp,
  tuneTcp,
} from "./_tcp_socket.ts";
import type {
  Connection,
  Listener,
  Transport,
  TransportConnectOptions,
  TransportListenOptions,
} from "./transport.ts";

/**
 * Frames over TCP, at `tcp://host:port`; port 0 lets the system choose one.
 *
 * Nagle's algorithm is off, since it delays the second of two small writes by
 * 40 ms and more; keep-alive is on, so that a host that vanished is noticed.
 * Needs `--allow-net`.
 */
export const tcp: Transport = { scheme: "tcp", listen, connect };

// Async, so that what `Deno.listen` throws becomes a rejection.
// deno-lint-ignore require-await
async function listen(
  address: string,
  accept: (connection: Connection) => void,
  options: TransportListenOptions = {},
): Promise<Listener> {
  const listener = listenTcp(address);
  return new StreamListener<Deno.TcpConn>(listener, {
    address: formatTcpAddress(listener.addr),
    accept: (conn) => accept(wrap(conn, options.maxFrameBytes)),
    onError: options.onError,
  });
}

async function connect(
  address: string,
  options: TransportConnectOptions = {},
): Promise<Connection> {
  const conn = await connectTcp(address, options.signal);
  return wrap(conn, options.maxFrameBytes);
}

function wrap(conn: Deno.TcpConn, maxFrameBytes?: number): Connection {
  tuneTcp(conn);
  return frameConnection(conn, {
    localAddress: formatTcpAddress(conn.localAddr),
    remoteAddress: formatTcpAddress(conn.remoteAddr),
    maxFrameBytes,
  });
}
