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
 * Returns a transport over WebSocket at `ws://host:port/path`, as a server and as
 * a client (RFC 6455). With port 0 the system chooses a free port; without a
 * port it is 80.
 *
 * As a server it speaks nothing else on its port: for WebSockets beside pages on
 * one port, use `webSocketDoor`. Its limits hold for strangers, too: it never
 * holds more of a message than the layers above allow. Browsers have a client of
 * their own, in the entry `./browser`.
 *
 * @throws {TypeError} If `origins` has an entry that is no origin.
 */
export function ws(options: WebSocketOptions = {}): Transport {
  return webSocketOver("ws", tcp(), options);
}

/**
 * Returns a transport as {@linkcode ws} does, over TLS, at
 * `wss://host:port/path`. Without a port it is 443.
 *
 * @throws {TypeError} If `origins` has an entry that is no origin, or the options
 * for TLS do not fit together.
 */
export function wss(options: SecureWebSocketOptions = {}): Transport {
  return webSocketOver("wss", tcp({ tls: options.tls ?? {} }), options);
}
