/**
 * The reconnecting client with the transports that Deno offers.
 */
import { withTransports } from "../../transports/defaults.ts";
import type { ReconnectingClient, ReconnectOptions } from "./client.ts";
import { openReconnecting as openNeutral } from "./open.ts";

/**
 * Connects to an RPC server, and connects again whenever the connection is
 * lost, until it is closed.
 *
 * A call that never left is sent on the next connection. A call that may have
 * run is sent again only if its method is idempotent, and rejects with a
 * `ConnectionClosedError` otherwise: at once if nothing may wait, else when the
 * server of the next connection has said that the method is not idempotent, or
 * `queueTimeoutMs` is over.
 *
 * `retryForMs` and `signal` are about the first connection. An error that more
 * attempts cannot mend closes the client. If your own `credentials` function
 * fails, the error is reported to `onError` and the client tries again; the first
 * connection rejects with it once `retryForMs` is over.
 *
 * @typeParam T The service of the server. Nothing checks that it is.
 * @throws {ConnectError} If nobody could be reached the first time.
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
