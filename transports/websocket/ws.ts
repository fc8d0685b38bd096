import { tcp } from "../tcp.ts";
import type { TlsOptions } from "../tls/options.ts";
import type { Transport } from "../transport.ts";
import { type WebSocketOptions, webSocketOver } from "./over.ts";

/** Options for {@linkcode wss}. */
export interface SecureWebSocketOptions extends WebSocketOptions {
  /**
   * Certificates, as for {@linkcode tcp}. A server needs `cert` and `key`.
   *
   * @default {those of authorities that Deno trusts}
   */
  readonly tls?: TlsOptions | undefined;
}

/**
 * Returns a transport over WebSocket at `ws://host:port/path`, as a server and
 * as a client (RFC 6455). With port 0 the system chooses a free port. The
 * default port is 80.
 *
 * As a server it accepts only WebSockets on its port. To serve WebSockets and
 * pages on one port, use `webSocketDoor`. Its limits also apply before a peer
 * is admitted: it never holds more of a message than the layers above allow.
 * Browsers have their own client, in the entry `./browser`.
 *
 * @throws {TypeError} If an entry of `origins` is not an origin.
 */
export function ws(options: WebSocketOptions = {}): Transport {
  return webSocketOver("ws", tcp(), options);
}

/**
 * Returns a transport like {@linkcode ws}, but over TLS, at
 * `wss://host:port/path`. The default port is 443.
 *
 * @throws {TypeError} If an entry of `origins` is not an origin, or the TLS
 * options do not fit together.
 */
export function wss(options: SecureWebSocketOptions = {}): Transport {
  return webSocketOver("wss", tcp({ tls: options.tls ?? {} }), options);
}
