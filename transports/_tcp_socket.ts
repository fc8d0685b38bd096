import { formatAddress, parseAddress } from "./address.ts";
import { AddressInUseError, ConnectError } from "./errors.ts";

/** What TCP and TLS have in common: the socket below. */

/**
 * Listens at `address`.
 *
 * @throws {AddressInUseError} If somebody else listens there.
 * @throws {TypeError} If it is no address of TCP.
 */
export function listenTcp(address: string): Deno.TcpListener {
  const { host, port } = parseTcpAddress(address);
  try {
    return Deno.listen({ hostname: host, port });
  } catch (cause) {
    if (cause instanceof Deno.errors.AddrInUse) {
      throw new AddressInUseError(
        `Cannot listen on '${address}': another program listens there, choose another port, or port 0 for a free one`,
        { address, cause },
      );
    }
    throw cause;
  }
}

/**
 * Connects to `address`.
 *
 * @throws {ConnectError} If nobody can be reached there.
 * @throws {TypeError} If it is no address of TCP, or has no port.
 */
export async function connectTcp(
  address: string,
  signal: AbortSignal | undefined,
): Promise<Deno.TcpConn> {
  const { host, port } = parseTcpAddress(address);
  if (port === 0) {
    throw new TypeError(
      `Cannot connect to '${address}': port 0 is only for listening, use the 'address' that the server tells`,
    );
  }
  signal?.throwIfAborted();
  try {
    return await Deno.connect({
      hostname: host,
      port,
      ...(signal && { signal }),
    });
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    throw new ConnectError(
      `Cannot connect to '${address}': ${describe(cause)}`,
      { address, cause },
    );
  }
}

/** Sends small writes at once, and notices a host that vanished. */
export function tuneTcp(conn: Deno.TcpConn): void {
  try {
    conn.setNoDelay(true);
    conn.setKeepAlive(true);
  } catch {
    // The peer has reset it already; the first read tells.
  }
}

/** The two parts of an address of TCP. */
export function parseTcpAddress(
  address: string,
): { host: string; port: number } {
  const parsed = parseAddress(address);
  if (parsed.scheme === "tcp") return parsed;
  throw new TypeError(
    `Cannot use address '${address}': the TCP transport wants 'tcp://host:port'`,
  );
}

/** Writes the address of a socket. */
export function formatTcpAddress({ hostname, port }: Deno.NetAddr): string {
  return formatAddress({ scheme: "tcp", host: hostname, port });
}

function describe(cause: unknown): string {
  if (cause instanceof Deno.errors.ConnectionRefused) {
    return "connection refused, start the server first or set 'retryForMs'";
  }
  return cause instanceof Error ? cause.message : String(cause);
}
