import type { CloseOptions } from "../channel/channel.ts";
import type { RpcConnectionOptions } from "../rpc/client.ts";
import type { RpcClient } from "../rpc/rpc_client.ts";
import type {
  AnyClient,
  Identified,
  RpcServer,
  RpcServerOptions,
  Served,
} from "../rpc/server.ts";

/** Options for {@linkcode CtxRpc.startServerAndConnect}. */
export interface CtxRpcPairOptions {
  /** Options of the server. */
  readonly server?: RpcServerOptions | undefined;
  /** Options of the client. */
  readonly client?: RpcConnectionOptions | undefined;
}

/**
 * The methods of {@linkcode Ctx} for RPC services. The step closes the servers
 * and clients, which use the step's codec and `onError`. Both sides send the
 * stacks of errors, unless `sendStacks` is `false`.
 */
export interface CtxRpc {
  /**
   * Serves `service` at a fresh address.
   *
   * @typeParam Client The connection to a client.
   * @typeParam Identity What `authenticate` returns.
   * @throws {TypeError} If `service` exposes nothing.
   * @throws {StepEndedError} If the step is over.
   */
  startServer<
    Client extends AnyClient = RpcClient,
    Identity = Client["identity"],
  >(
    service: Served<Identified<Client, Identity>>,
    options?: RpcServerOptions<Client, Identity>,
  ): Promise<RpcServer<Identified<Client, Identity>>>;
  /**
   * Connects to the most recently started RPC server, even if it is closed.
   *
   * @typeParam T The service of the server.
   * @throws {TypeError} If no server was started.
   * @throws {ConnectError} If the server cannot be reached.
   * @throws {StepEndedError} If the step is over.
   */
  connect<T>(options?: RpcConnectionOptions): Promise<RpcClient<T>>;
  /**
   * Serves `service` at a fresh address and connects to it.
   *
   * @throws {TypeError} If `service` exposes nothing.
   * @throws {StepEndedError} If the step is over.
   */
  startServerAndConnect<T extends object>(
    service: T,
    options?: CtxRpcPairOptions,
  ): Promise<RpcClient<T>>;
  /** Overload for a service whose type does not show its methods. */
  startServerAndConnect<T>(
    service: object,
    options?: CtxRpcPairOptions,
  ): Promise<RpcClient<T>>;
  /**
   * Closes the most recently started RPC server. Repeatable.
   *
   * @throws {TypeError} If no server was started.
   * @throws {StepEndedError} If the step is over.
   */
  closeServer(options?: CloseOptions): Promise<void>;
  /**
   * Starts the most recently started RPC server again, at the same address and
   * with the same service and options. If it is still open, it crashes first:
   * its connections break off.
   *
   * @throws {TypeError} If no server was started.
   * @throws {StepEndedError} If the step is over.
   */
  restartServer(): Promise<RpcServer>;
}
