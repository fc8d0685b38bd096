import type { ConnectionOptions } from "../channel/open.ts";
import type { CredentialsOptions } from "./authenticate.ts";
import type { RpcClient } from "./rpc_client.ts";
import type { RpcOptions } from "./rpc_options.ts";
import { openSession } from "./session/_open_session.ts";
import { sessionStarter } from "./session/_session.ts";

/** Options for {@linkcode openConnection}. */
export interface RpcConnectionOptions
  extends ConnectionOptions, RpcOptions, CredentialsOptions {
  /**
   * The service that this side offers to the other side.
   *
   * @default {nothing}
   */
  readonly service?: object | undefined;
}

/**
 * Connects to an RPC server over one of `options.transports`. There are no
 * default transports; `deno.ts` adds them.
 *
 * @throws {ConnectError} If no server could be reached.
 * @throws {AuthenticationError} If the other side refuses the `credentials`.
 * @throws {TypeError} If no transport has the scheme of `address`, or `service`
 * exposes nothing.
 * @throws {RangeError} If an option or a limit is out of range.
 */
export async function openConnection<T>(
  address: string,
  options: RpcConnectionOptions,
): Promise<RpcClient<T>> {
  const { service = null } = options;
  const start = sessionStarter(service, { ...options, isInitiator: true });
  const { client } = await openSession(start, address, options);
  return client as RpcClient<T>;
}
