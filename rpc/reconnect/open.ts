import type { ReconnectingClient, ReconnectOptions } from "./client.ts";
import { PersistentClient } from "./_persistent_client.ts";

/**
 * Connects to an RPC server over one of `options.transports`, and again
 * whenever the connection is lost. It has no transports of its own; `deno.ts`
 * adds them.
 *
 * @throws {ConnectError} If no server could be reached the first time.
 * @throws {AuthenticationError} If the server refuses the `credentials`.
 * @throws {TypeError} If no transport has the scheme of `address`, or `service`
 * exposes nothing.
 * @throws {RangeError} If an option or a limit is out of range.
 */
export async function openReconnecting<T>(
  address: string,
  options: ReconnectOptions<T>,
): Promise<ReconnectingClient<T>> {
  const client = new PersistentClient<T>(address, options);
  await client.open();
  return client;
}
