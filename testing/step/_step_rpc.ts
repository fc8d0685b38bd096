import type { CloseOptions } from "../../channel/channel.ts";
import {
  openConnection,
  type RpcClient,
  type RpcConnectionOptions,
} from "../../rpc/client.ts";
import {
  type RpcServer,
  type RpcServerOptions,
  startServer,
} from "../../rpc/server.ts";
import type { CtxChannelOptions } from "../ctx_contract.ts";
import type { CtxRpc, CtxRpcPairOptions } from "../ctx_rpc_contract.ts";
import { GRACE_MS, type Holdings } from "./_resources.ts";

/** What a {@linkcode StepRpc} is put together from. */
export interface StepRpcParts {
  /** The step's codec and how it hears of errors. */
  readonly options: () => CtxChannelOptions;
  /** Another address each time. */
  readonly address: () => string;
  readonly holdings: Holdings;
}

/** What is served, as far as the step needs to know it. */
type StartedServer = Pick<RpcServer, "address" | "close">;

/** The {@linkcode CtxRpc} of one step. */
export class StepRpc implements CtxRpc {
  readonly #parts: StepRpcParts;
  #server: StartedServer | null = null;

  /** Puts it together; the parts are the step's. */
  constructor(parts: StepRpcParts) {
    this.#parts = parts;
  }

  async startServer<T = unknown>(
    service: object,
    options: RpcServerOptions<T> = {},
  ): Promise<RpcServer<T>> {
    const { holdings } = this.#parts;
    holdings.check("'ctx.rpc.startServer'");
    const address = this.#parts.address();
    const server = await holdings.acquire(
      `RPC server '${address}'`,
      () => startServer<T>(address, service, { ...this.#options, ...options }),
      (server) => server.close({ graceMs: GRACE_MS }),
    );
    this.#server = server;
    return server;
  }

  async connect<T>(
    options: RpcConnectionOptions = {},
  ): Promise<RpcClient<T>> {
    const { holdings } = this.#parts;
    const { address } = this.#lastServer("connect");
    return await holdings.acquire(
      `RPC client of '${address}'`,
      () =>
        openConnection<T>(address, {
          signal: holdings.ending,
          ...this.#options,
          ...options,
        }),
      (client) => client.close(),
    );
  }

  async startServerAndConnect<T>(
    service: object,
    { server, client }: CtxRpcPairOptions = {},
  ): Promise<RpcClient<T>> {
    await this.startServer(service, server);
    return await this.connect<T>(client);
  }

  async closeServer(options?: CloseOptions): Promise<void> {
    this.#parts.holdings.check("'ctx.rpc.closeServer'");
    await this.#lastServer("close the server").close(options);
  }

  get #options(): CtxChannelOptions & { readonly sendStacks: true } {
    return { ...this.#parts.options(), sendStacks: true };
  }

  #lastServer(act: string): StartedServer {
    if (this.#server !== null) return this.#server;
    throw new TypeError(
      `Cannot ${act}: this step has started no RPC server, call 'ctx.rpc.startServer' first`,
    );
  }
}
