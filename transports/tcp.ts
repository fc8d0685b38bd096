import { formatAddress, parseAddress } from "./address.ts";
import { AddressInUseError, ConnectError } from "./errors.ts";
import { StreamListener } from "./_stream_listener.ts";
import type { TlsOptions } from "./tls/options.ts";
import { secured } from "./tls/secured.ts";
import type {
  Connection,
  Listener,
  Transport,
  TransportConnectOptions,
  TransportListenOptions,
} from "./transport.ts";

/** Options for {@linkcode tcp}. */
export interface TcpOptions {
  /**
   * Encrypts all connections and verifies the peers by certificates.
   *
   * @default {nothing is encrypted}
   */
  readonly tls?: TlsOptions | undefined;
  /**
   * Lets other processes and Workers of the same user listen at the same
   * address, if they set this option as well. On Linux the system gives each
   * new connection to one of them, so that they serve the address from all
   * cores. Other systems do not spread connections. Needs Deno's flag
   * `--unstable-net`.
   *
   * @default {false}
   */
  readonly reusePort?: boolean | undefined;
}

/**
 * Returns a transport over TCP, with or without TLS, at
 * `tcp://host:port`. With port 0 the system chooses a free port.
 *
 * Nagle's algorithm is off, since it delays the second of two small writes by
 * 40 ms and more. Keep-alive is on, to notice a host that vanished. Needs
 * `--allow-net`.
 *
 * With TLS, a connection carries bytes after both sides have accepted each
 * other's certificate. Its `peerName` is the name in the peer's certificate. A
 * listener hands out connections whose `handshake` is not yet done. TLS needs
 * Node's `node:tls`, which is loaded at the first use, and `--allow-read` for
 * certificate files.
 *
 * @throws {TypeError} If the options for TLS do not fit together.
 */
export function tcp(
  { tls, reusePort = false }: TcpOptions = {},
): Transport {
  const plain: Transport = {
    scheme: "tcp",
    listen: (address, accept, options) =>
      listen(address, accept, reusePort, options),
    connect,
  };
  return tls === undefined ? plain : secured(plain, tls);
}

// deno-lint-ignore require-await -- it must reject, not throw
async function listen(
  address: string,
  accept: (connection: Connection) => void,
  reusePort: boolean,
  { onError }: TransportListenOptions = {},
): Promise<Listener> {
  const { host, port } = parse(address);
  if (reusePort) checkReusePort(address);
  let listener: Deno.TcpListener;
  try {
    listener = Deno.listen({ hostname: host, port, reusePort });
  } catch (cause) {
    if (!(cause instanceof Deno.errors.AddrInUse)) throw cause;
    throw new AddressInUseError(
      `Cannot listen on '${address}': another program listens there, choose another port, or port 0 for a free one`,
      { address, cause },
    );
  }
  return new StreamListener<Deno.TcpConn>(listener, {
    address: format(listener.addr),
    accept: (conn) => accept(connectionOver(conn)),
    onError,
  });
}

async function connect(
  address: string,
  { signal }: TransportConnectOptions = {},
): Promise<Connection> {
  const { host, port } = parse(address);
  if (port === 0) {
    throw new TypeError(
      `Cannot connect to '${address}': port 0 is only for listening, use the 'address' of the server`,
    );
  }
  signal?.throwIfAborted();
  try {
    const reach = { hostname: host, port, ...(signal && { signal }) };
    return connectionOver(await Deno.connect(reach));
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    throw new ConnectError(
      `Cannot connect to '${address}': ${describe(cause)}`,
      { address, cause },
    );
  }
}

/** Checks for the flag, because without it Deno would end the process. */
function checkReusePort(address: string): void {
  // This function exists only with the flag.
  if ("listenDatagram" in Deno) return;
  throw new TypeError(
    `Cannot listen on '${address}' with 'reusePort': Deno runs without '--unstable-net', start it with that flag`,
  );
}

function describe(cause: unknown): string {
  if (cause instanceof Deno.errors.ConnectionRefused) {
    return "connection refused, start the server first";
  }
  return cause instanceof Error ? cause.message : String(cause);
}

function connectionOver(conn: Deno.TcpConn): Connection {
  try {
    conn.setNoDelay(true);
    conn.setKeepAlive(true);
  } catch {
    // The peer has already reset the connection. The first read fails.
  }
  return {
    stream: conn,
    localAddress: format(conn.localAddr),
    remoteAddress: format(conn.remoteAddr),
  };
}

function parse(address: string): { host: string; port: number } {
  const parsed = parseAddress(address);
  if (parsed.scheme === "tcp" && "host" in parsed) return parsed;
  throw new TypeError(
    `Cannot use address '${address}': the TCP transport needs 'tcp://host:port' with a port from 0 to 65535, and brackets around an IPv6 host`,
  );
}

function format({ hostname, port }: Deno.NetAddr): string {
  return formatAddress({ scheme: "tcp", host: hostname, port });
}
