import { formatAddress, parseAddress } from "./address.ts";
import {
  type ByteEnd,
  type ByteTransport,
  framed,
} from "./frames/_byte_transport.ts";
import { ConnectError } from "./errors.ts";
import {
  checkPathLength,
  publishSocket,
  retractSocket,
} from "./socket_file.ts";
import { StreamListener } from "./_stream_listener.ts";
import type {
  Listener,
  Transport,
  TransportConnectOptions,
  TransportListenOptions,
} from "./transport.ts";

/** The bytes below {@linkcode unix}. */
export const unixBytes: ByteTransport = { scheme: "ipc", listen, connect };

/**
 * Frames over Unix domain sockets, at `ipc://[/path/to/socket]`.
 *
 * The socket file is the owner's alone (mode 0600) before anybody can find
 * it, replaces what a crashed server left behind but nothing else, and is
 * gone after `close`. Needs `--allow-read` and `--allow-write` for its folder
 * and `--allow-net`.
 */
export const unix: Transport = framed(unixBytes);

async function listen(
  address: string,
  accept: (end: ByteEnd) => void,
  options: TransportListenOptions = {},
): Promise<Listener> {
  const path = parse(address);
  const { listener, file } = await publishSocket(path, options.mode ?? 0o600);
  return new StreamListener<Deno.UnixConn>(listener, {
    address,
    accept: (conn) => {
      // The system gives the far end of a Unix socket no name.
      accept({
        stream: conn,
        localAddress: address,
        remoteAddress: `${address}#client`,
      });
    },
    onError: options.onError,
    beforeClose: () => retractSocket(file),
  });
}

async function connect(
  address: string,
  options: TransportConnectOptions = {},
): Promise<ByteEnd> {
  const path = parse(address);
  const { signal } = options;
  checkPathLength(path);
  signal?.throwIfAborted();
  let conn: Deno.UnixConn;
  try {
    conn = await Deno.connect({ transport: "unix", path });
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    throw new ConnectError(
      `Cannot connect to '${address}': ${await describe(cause, path)}`,
      { address, cause },
    );
  }
  // `Deno.connect` takes no signal for Unix sockets, but never waits for the
  // server: it succeeds or fails at once.
  if (signal?.aborted) {
    conn.close();
    throw signal.reason;
  }
  return {
    stream: conn,
    localAddress: `${address}#client`,
    remoteAddress: address,
  };
}

function parse(address: string): string {
  const parsed = parseAddress(address);
  if (parsed.scheme === "ipc") return parsed.path;
  throw new TypeError(
    `Cannot use address '${address}': the Unix transport wants '${
      formatAddress({ scheme: "ipc", path: "/path/to/socket" })
    }'`,
  );
}

async function describe(cause: unknown, path: string): Promise<string> {
  if (cause instanceof Deno.errors.NotFound) {
    return "no such socket, start the server first or set 'retryForMs'";
  }
  if (cause instanceof Deno.errors.ConnectionRefused) {
    // The system refuses ordinary files in the same words.
    const isSocket = (await Deno.lstat(path).catch(() => null))?.isSocket;
    return isSocket === false
      ? "there is a file, but it is no socket"
      : "connection refused, start the server first or set 'retryForMs'";
  }
  if (cause instanceof Deno.errors.WouldBlock) {
    return "too many connections wait there to be accepted, set 'retryForMs'";
  }
  return cause instanceof Error ? cause.message : String(cause);
}
