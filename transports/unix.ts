import { parseAddress } from "./address.ts";
import { ConnectError } from "./errors.ts";
import {
  checkPathLength,
  publishSocket,
  retractSocket,
} from "./socket_file.ts";
import { StreamListener } from "./_stream_listener.ts";
import type {
  Connection,
  Listener,
  Transport,
  TransportListenOptions,
} from "./transport.ts";

/** Options for {@linkcode unix}. */
export interface UnixOptions {
  /**
   * The file mode of the sockets.
   *
   * @default {0o600}
   */
  readonly mode?: number | undefined;
  /**
   * The name of the temporary folder that listening uses, so that it can be
   * removed after the process was killed.
   *
   * @default {a random one}
   *
   * @internal
   */
  readonly temporaryName?: string | undefined;
}

/**
 * Returns a transport over Unix domain sockets, at
 * `ipc://[/path/to/socket]`.
 *
 * A socket file has its mode before any other program can find it. It replaces
 * the socket of a crashed server, but no other file, and `close` removes it.
 * Needs `--allow-read` and `--allow-write` for its folder, and `--allow-net`.
 */
export function unix(
  { mode = 0o600, temporaryName }: UnixOptions = {},
): Transport {
  return {
    scheme: "ipc",
    listen: (address, accept, options = {}) =>
      listen(
        address,
        accept,
        options,
        () => publishSocket(parse(address), mode, temporaryName),
      ),
    connect: (address, { signal } = {}) => connect(address, signal),
  };
}

async function listen(
  address: string,
  accept: (end: Connection) => void,
  options: TransportListenOptions,
  publish: () => ReturnType<typeof publishSocket>,
): Promise<Listener> {
  const { listener, file } = await publish();
  return new StreamListener<Deno.UnixConn>(listener, {
    address,
    accept: (conn) =>
      accept({
        stream: conn,
        localAddress: address,
        // The system gives the client's end of a Unix socket no name.
        remoteAddress: `${address}#client`,
      }),
    onError: options.onError,
    beforeClose: () => retractSocket(file),
  });
}

async function connect(
  address: string,
  signal: AbortSignal | undefined,
): Promise<Connection> {
  const path = parse(address);
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
  // `Deno.connect` takes no signal for Unix sockets, but succeeds or fails at
  // once, without waiting for the server.
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
  if (
    parsed.scheme === "ipc" && "path" in parsed && parsed.path.startsWith("/")
  ) {
    return parsed.path;
  }
  throw new TypeError(
    `Cannot use address '${address}': the Unix transport needs 'ipc://[/path/to/socket]' with an absolute path`,
  );
}

async function describe(cause: unknown, path: string): Promise<string> {
  if (cause instanceof Deno.errors.NotFound) {
    return "there is no such socket, start the server first";
  }
  if (cause instanceof Deno.errors.ConnectionRefused) {
    // The system refuses ordinary files with the same error.
    const isSocket = (await Deno.lstat(path).catch(() => null))?.isSocket;
    return isSocket === false
      ? "the file there is not a socket"
      : "connection refused, start the server first";
  }
  if (cause instanceof Deno.errors.WouldBlock) {
    return "its queue of new connections is full, try again later";
  }
  return cause instanceof Error ? cause.message : String(cause);
}
