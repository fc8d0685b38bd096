import type { Channel } from "../../channel/channel.ts";
import { startPlain } from "../../channel/internal.ts";
import {
  type ConnectionOptions,
  openConnectionWith,
} from "../../channel/open.ts";
import { webSockets } from "../../transports/websocket/browser.ts";
import {
  openConnection as openNeutral,
  type RpcConnectionOptions,
} from "../client.ts";
import type {
  ReconnectingClient,
  ReconnectOptions,
} from "../reconnect/client.ts";
import { openReconnecting as openNeutralReconnecting } from "../reconnect/open.ts";
import type { RpcClient } from "../rpc_client.ts";

/**
 * Connects to an RPC server, over WebSocket unless `transports` is given.
 *
 * @typeParam T The service of the server. This is not checked.
 * @throws {ConnectError} If no server could be reached. Browsers do not reveal
 * the reason to a page.
 * @throws {AuthenticationError} If the server refuses the `credentials`.
 * @throws {TypeError} If no transport supports the address, or `service`
 * exposes nothing.
 * @throws {RangeError} If an option or a limit is out of range.
 */
export function openConnection<T>(
  address: string,
  options: RpcConnectionOptions = {},
): Promise<RpcClient<T>> {
  return openNeutral<T>(address, { transports: webSockets(), ...options });
}

/**
 * Connects to an RPC server, and reconnects whenever the connection is lost,
 * until the client is closed. Uses WebSocket unless `transports` is given.
 *
 * @typeParam T The service of the server. This is not checked.
 * @throws {ConnectError} If no server could be reached the first time.
 * @throws {AuthenticationError} If the server refuses the `credentials`.
 * @throws {TypeError} If no transport supports the address, or `service`
 * exposes nothing.
 * @throws {RangeError} If an option or a limit is out of range.
 */
export function openReconnecting<T>(
  address: string,
  options: ReconnectOptions<T> = {},
): Promise<ReconnectingClient<T>> {
  const complete = { transports: webSockets(), ...options };
  return openNeutralReconnecting<T>(address, complete);
}

/**
 * Connects to a server of {@linkcode Channel}s, without RPC, over WebSocket
 * unless `transports` is given.
 *
 * @throws {ConnectError} If no server could be reached within `retryForMs`.
 * Browsers do not reveal the reason to a page.
 * @throws {TypeError} If no transport supports the address.
 * @throws {RangeError} If an option or a limit is out of range.
 */
export function openChannel(
  address: string,
  options: ConnectionOptions = {},
): Promise<Channel> {
  const complete = { transports: webSockets(), ...options };
  return openConnectionWith(startPlain, address, complete);
}
