import type { RpcClient } from "./rpc_client.ts";
import type { Remote } from "./remote.ts";

/** A client that {@linkcode broadcast} did not reach. */
export interface BroadcastFailure<T = unknown> {
  /** The client. */
  readonly client: RpcClient<T>;
  /** The error of its call. */
  readonly error: unknown;
}

/**
 * Calls all clients concurrently, such as the `clients` of a server. When all
 * calls have ended, resolves to the failed ones. Never rejects.
 *
 * ```ts
 * import { broadcast, openConnection, type RpcClient, service, startServer } from "@denomas/denomas/rpc";
 * import { assertEquals } from "@std/assert";
 *
 * const heard: string[] = [];
 * const listener = service({ hear: (text: string) => void heard.push(text) });
 *
 * await using server = await startServer<RpcClient<typeof listener>>("local://radio", service({ ping: () => {} }));
 * const options = { service: listener };
 * await using one = await openConnection(server.address, options);
 * await using other = await openConnection(server.address, options);
 *
 * const failed = await broadcast(server.clients, (remote) => remote.hear("news"));
 * assertEquals(failed, []);
 * assertEquals(heard, ["news", "news"]);
 * ```
 */
export async function broadcast<T>(
  clients: Iterable<RpcClient<T>>,
  send: (remote: Remote<T>, client: RpcClient<T>) => unknown,
): Promise<BroadcastFailure<T>[]> {
  const failed: BroadcastFailure<T>[] = [];
  await Promise.all(Array.from(clients, async (client) => {
    try {
      await send(client.remote, client);
    } catch (error) {
      failed.push({ client, error });
    }
  }));
  return failed;
}
