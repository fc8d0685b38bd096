import { formatAddress, parseAddress } from "./address.ts";
import { type ByteEnd, type ByteTransport, framed } from "./_byte_transport.ts";
import { AddressInUseError, ConnectError } from "./errors.ts";
import { StreamListener } from "./_stream_listener.ts";
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
  const { host, port } = parse(address);
  const listener = openListener(address, host, port);
  return new StreamListener<Deno.TcpConn>(listener, {
    address: format(listener.addr),
    accept: (conn) => accept(wrap(conn)),
    onError: options.onError,
  });
}

function openListener(
  address: string,
  hostname: string,
  port: number,
): Deno.TcpListener {
  try {
    return Deno.listen({ hostname, port });
  } catch (cause) {
    if (cause instanceof Deno.errors.AddrInUse) {
      throw new AddressInUseError(
        `Cannot listen on '${address}': another program listens there, choose another port, or port 0 for a free one`,
        address,
        { cause },
      );
    }
    throw cause;
  }
}

async function connect(
  address: string,
  options: TransportConnectOptions = {},
): Promise<ByteEnd> {
  const { host, port } = parse(address);
  if (port === 0) {
    throw new TypeError(
      `Cannot connect to '${address}': port 0 is only for listening, use the 'address' that the server tells`,
    );
  }
  const { signal } = options;
  signal?.throwIfAborted();
  let conn: Deno.TcpConn;
  try {
    conn = await Deno.connect({
      hostname: host,
      port,
      ...(signal && { signal }),
    });
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    throw new ConnectError(
      `Cannot connect to '${address}': ${describe(cause)}`,
      address,
      { cause },
    );
  }
  return wrap(conn);
}

function wrap(conn: Deno.TcpConn): ByteEnd {
  try {
    conn.setNoDelay(true);
    conn.setKeepAlive(true);
  } catch {
    // The peer has reset it already; the first read tells.
  }
  return {
    stream: conn,
    localAddress: format(conn.localAddr),
    remoteAddress: format(conn.remoteAddr),
  };
}

function parse(address: string): { host: string; port: number } {
  const parsed = parseAddress(address);
  if (parsed.scheme === "tcp") return parsed;
  throw new TypeError(
    `Cannot use address '${address}': the TCP transport wants 'tcp://host:port'`,
  );
}

function format({ hostname, port }: Deno.NetAddr): string {
  return formatAddress({ scheme: "tcp", host: hostname, port });
}

function describe(cause: unknown): string {
  if (cause instanceof Deno.errors.ConnectionRefused) {
    return "connection refused, start the server first or set 'retryForMs'";
  }
  return cause instanceof Error ? cause.message : String(cause);
}
