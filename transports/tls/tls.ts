import { ConnectError, HandshakeError } from "../errors.ts";
import { frameConnection } from "../frames/framed_connection.ts";
import { observed } from "../_observers.ts";
import { StreamListener } from "../_stream_listener.ts";
import {
  connectTcp,
  formatTcpAddress,
  listenTcp,
  parseTcpAddress,
  tuneTcp,
} from "../_tcp_socket.ts";
import { checkTlsOptions, demandsClientCerts } from "./_checks.ts";
import { readCredentials } from "./_credentials.ts";
import { secureClient, type Secured, secureServer } from "./_handshake.ts";
import { Handshakes } from "./_pending_handshakes.ts";
import { loadNodeModules } from "./_node.ts";
import type { TlsOptions } from "./options.ts";
import type {
  Connection,
  Listener,
  Transport,
  TransportConnectOptions,
  TransportListenOptions,
} from "../transport.ts";

/**
 * Frames over TLS over TCP, at `tcp://host:port`: what the option `tls` of
 * servers, connections and containers uses.
 *
 * A connection is handed out when both sides have accepted the certificate of
 * the other; its `peer` is the name in it. Built on Node's `node:tls`, which is
 * loaded at the first use. Needs `--allow-net`, and `--allow-read` for what
 * `options` name as files.
 *
 * @throws {TypeError} If options do not fit together.
 */
export function tls(options: TlsOptions): Transport {
  checkTlsOptions(options);
  return {
    scheme: "tcp",
    listen: (address, accept, listenOptions = {}) =>
      listen(options, address, accept, listenOptions),
    connect: (address, connectOptions = {}) =>
      connect(options, address, connectOptions),
  };
}

async function listen(
  options: TlsOptions,
  address: string,
  accept: (connection: Connection) => void,
  listenOptions: TransportListenOptions,
): Promise<Listener> {
  parseTcpAddress(address);
  const demandsCert = demandsClientCerts(options);
  if (options.cert === undefined) {
    throw new TypeError(
      `Cannot listen on '${address}' with TLS: a server needs a certificate, give 'cert' and 'key'`,
    );
  }
  const node = await loadNodeModules();
  const credentials = await readCredentials(options, node);
  const { minVersion = "TLSv1.2" } = options;
  const { maxFrameBytes, onError } = listenOptions;
  const handshakes = new Handshakes({
    limits: listenOptions,
    secure: (conn, sides, signal, giveUpMs) => {
      tuneTcp(conn);
      return secureServer(
        { conn, signal, credentials, minVersion, node, sides },
        { demandsCert, giveUpMs },
      );
    },
    accept: (conn, secured) => accept(wrap(conn, secured, maxFrameBytes)),
  });
  const socket = listenTcp(address);
  const listener = new StreamListener<Deno.TcpConn>(socket, {
    address: formatTcpAddress(socket.addr),
    accept: (conn) => handshakes.add(conn),
    onError,
  });
  return withHandshakes(listener, handshakes);
}

/** A listener whose close ends the handshakes, too. */
function withHandshakes(listener: Listener, handshakes: Handshakes): Listener {
  const handle: Listener = {
    address: listener.address,
    get handshakes() {
      return handshakes.size;
    },
    close: () => {
      handshakes.close();
      return listener.close();
    },
    ref: () => {
      listener.ref();
      handshakes.setRef(true);
    },
    unref: () => {
      listener.unref();
      handshakes.setRef(false);
    },
  };
  observed.by?.handed(handle, listener);
  return handle;
}

async function connect(
  options: TlsOptions,
  address: string,
  { signal = new AbortController().signal, maxFrameBytes }:
    TransportConnectOptions,
): Promise<Connection> {
  const { host } = parseTcpAddress(address);
  signal.throwIfAborted();
  const node = await loadNodeModules();
  const credentials = await readCredentials(options, node);
  const { minVersion = "TLSv1.2", serverName = host } = options;
  const conn = await connectTcp(address, signal);
  tuneTcp(conn);
  const sides = { other: "server", address } as const;
  try {
    const secured = await secureClient(
      { conn, signal, credentials, minVersion, node, sides },
      serverName,
    );
    return wrap(conn, secured, maxFrameBytes);
  } catch (error) {
    if (!(error instanceof HandshakeError)) throw error;
    throw new ConnectError(error.message, { address, cause: error });
  }
}

function wrap(
  conn: Deno.TcpConn,
  { stream, peer }: Secured,
  maxFrameBytes: number | undefined,
): Connection {
  return frameConnection(stream, {
    localAddress: formatTcpAddress(conn.localAddr),
    remoteAddress: formatTcpAddress(conn.remoteAddr),
    peerName: peer,
    maxFrameBytes,
  });
}
