import { openConnection, startServer } from "../../rpc/deno.ts";
import type { RpcConnectionOptions } from "../../rpc/client.ts";
import type { RpcServerOptions } from "../../rpc/server.ts";
import type { CtxChannelOptions } from "../ctx_contract.ts";
import type { CtxRpc, CtxRpcPairOptions } from "../ctx_rpc_contract.ts";
import type { StepServers } from "./_step_servers.ts";

/** Creates the {@linkcode CtxRpc} of a step, whose options are `options()`. */
export function stepRpc(
  servers: StepServers,
  options: () => CtxChannelOptions,
): CtxRpc {
  const rpc: CtxRpc = {
    startServer: <T>(service: object, own: RpcServerOptions<T> = {}) =>
      servers.start((address) =>
        startServer<T>(address, service, {
          ...options(),
          sendStacks: true,
          ...own,
        })
      ),
    connect: <T>(own: RpcConnectionOptions = {}) =>
      servers.connect((address, signal) =>
        openConnection<T>(address, {
          signal,
          ...options(),
          sendStacks: true,
          ...own,
        })
      ),
    async startServerAndConnect<T>(
      service: object,
      { server, client }: CtxRpcPairOptions = {},
    ) {
      await rpc.startServer(service, server);
      return await rpc.connect<T>(client);
    },
    closeServer: (own) => servers.close(own),
  };
  return rpc;
}
