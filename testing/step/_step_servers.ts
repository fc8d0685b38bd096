import type { CloseOptions } from "../../channel/channel.ts";
import type { ResourceScope } from "./_resource_scope.ts";

/** The grace of handlers when their step ends, in milliseconds. */
export const GRACE_MS = 250;

/** The names of a kind of servers in error texts. */
export interface ServerNames {
  /** The server itself, such as `"RPC server"`. */
  readonly server: string;
  /** The client, such as `"RPC client of"`. */
  readonly client: string;
  /** The object with the verbs, such as `"ctx.rpc"`. */
  readonly verbs: string;
}

/** The part of a server that a step needs. */
interface StepServer {
  readonly address: string;
  close(options?: CloseOptions): Promise<void>;
}

/** The servers of one kind that a step starts, and the clients of the last one. */
export class StepServers {
  readonly #names: ServerNames;
  readonly #scope: ResourceScope;
  readonly #nextAddress: () => string;
  #last: StepServer | null = null;

  /** Creates it for servers that `scope` owns. */
  constructor(
    names: ServerNames,
    scope: ResourceScope,
    nextAddress: () => string,
  ) {
    this.#names = names;
    this.#scope = scope;
    this.#nextAddress = nextAddress;
  }

  /** Starts a server at a fresh address. */
  async start<S extends StepServer>(
    open: (address: string) => Promise<S>,
  ): Promise<S> {
    this.#scope.check(`'${this.#names.verbs}.startServer'`);
    const address = this.#nextAddress();
    const server = await this.#scope.acquire(
      `${this.#names.server} '${address}'`,
      () => open(address),
      (server) => server.close({ graceMs: GRACE_MS }),
    );
    this.#last = server;
    return server;
  }

  /** Connects to the server that was started last. */
  async connect<C extends { close(): Promise<void> }>(
    open: (address: string, signal: AbortSignal) => Promise<C>,
  ): Promise<C> {
    const { address } = this.#lastOr("connect");
    return await this.#scope.acquire(
      `${this.#names.client} '${address}'`,
      () => open(address, this.#scope.ending),
      (client) => client.close(),
    );
  }

  /** Closes the server that was started last. */
  async close(options?: CloseOptions): Promise<void> {
    this.#scope.check(`'${this.#names.verbs}.closeServer'`);
    await this.#lastOr("close the server").close(options);
  }

  #lastOr(act: string): StepServer {
    if (this.#last !== null) return this.#last;
    const { server, verbs } = this.#names;
    throw new TypeError(
      `Cannot ${act}: this step has started no ${server}, call '${verbs}.startServer' first`,
    );
  }
}
