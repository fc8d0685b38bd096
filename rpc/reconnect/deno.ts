/**
 * The reconnecting client with the transports that Deno offers.
 */
import { withTransports } from "../../transports/defaults.ts";
import type { ReconnectingClient, ReconnectOptions } from "./client.ts";
import { openReconnecting as openNeutral } from "./open.ts";

/**
 * Connects to an RPC server, and reconnects whenever the connection is lost,
 * until the client is closed.
 *
 * A call that was not sent is sent on the next connection. A call that may have
 * run is sent again only if its method is idempotent. Otherwise it rejects with
 * a `ConnectionClosedError`: at once if `queueTimeoutMs` is 0, else when the
 * server of the next connection has answered that the method is not idempotent,
 * or when `queueTimeoutMs` is over.
 *
 * `retryForMs` and `signal` apply to the first connection. An error that a
 * retry cannot fix closes the client. If your own `credentials` function fails,
 * the error is reported to `onError` and the client tries again; the first
 * connection rejects with the error once `retryForMs` is over.
 *
 * @typeParam T The service of the server. This is not checked.
 * @throws {ConnectError} If no server could be reached the first time.
 * @throws {AuthenticationError} If the server refuses the `credentials`.
 * @throws {TypeError} If the address has no known form, or `service` exposes
 * nothing.
 * @throws {RangeError} If an option or a limit is out of range.
 */
export async function openReconnecting<T>(
  address: string,
  options: ReconnectOptions<T> = {},
): Promise<ReconnectingClient<T>> {
  return await openNeutral(address, withTransports(address, options));
}
