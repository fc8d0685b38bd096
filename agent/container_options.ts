import type { ServerOptions } from "../channel/server.ts";
import type {
  AuthenticateOptions,
  CredentialsOptions,
} from "../rpc/authenticate.ts";
import type { RpcOptions } from "../rpc/rpc_options.ts";
import type { TlsOptions } from "../transports/tls/options.ts";
import type { StateStore } from "./state/store.ts";
import type { Clock } from "./clock/base_clock.ts";

/** Options for {@linkcode Container.create}. */
export interface ContainerOptions
  extends ServerOptions, RpcOptions, AuthenticateOptions, CredentialsOptions {
  /**
   * Speaks TLS at `tcp://` addresses, both where the container listens and
   * where it connects; other addresses go without. Each side shows a
   * certificate to the other, unless `clientCerts` is `"none"`.
   *
   * @default {nothing is encrypted}
   */
  readonly tls?: TlsOptions | undefined;
  /**
   * The clock of the agents. A container closes only a clock that it has made
   * itself.
   *
   * @default {a `SystemClock`}
   */
  readonly clock?: Clock | undefined;
  /**
   * Whether the calls of each agent run concurrently, as in aiomas. By default
   * an agent runs them one after the other, in the order of arrival. Different
   * agents run concurrently in any case. An agent may choose for itself.
   *
   * @default {false}
   */
  readonly concurrent?: boolean | undefined;
  /**
   * The seed of `container.random`: the same integer gives the same numbers.
   *
   * @default {random; with a clock that is no `SystemClock`, the number of
   * containers that were made with the clock before this one}
   */
  readonly seed?: number | undefined;
  /**
   * The most agents of this container that another container may watch over one
   * connection. A further watch is refused with a `ServerBusyError`, and the
   * other side's `watch` tries again.
   *
   * @default {65_536}
   */
  readonly maxWatches?: number | undefined;
  /**
   * Stores the states of agents that have a `snapshot`.
   *
   * @default {`memoryStore()`, for as long as the container is open}
   */
  readonly store?: StateStore | undefined;
  /**
   * The host in the container's address, at which others reach it over TCP.
   *
   * @default {the host at which it listens; for a wildcard, the machine's name,
   * which needs `--allow-sys=hostname`}
   */
  readonly publicHost?: string | undefined;
  /**
   * The credentials shown to `authenticate` of other containers: plain data, or
   * a function that returns it. The function is called for each connection,
   * with the address of the other container. Credentials are shown at addresses
   * that the program itself has passed to `connect` or `watch`. At an address
   * that only a peer has named, they are shown only if `credentialsFor` permits
   * it. A spawned container is shown the credentials with which it was started.
   *
   * @default {none}
   */
  readonly credentials?: unknown;
  /**
   * Decides whether `credentials` are also shown to the container at an address
   * that only a peer has named: in a passed agent, in an entry of a directory,
   * or in a registration with a directory of this container. May be async.
   *
   * @default {no}
   */
  readonly credentialsFor?:
    | ((address: string) => boolean | Promise<boolean>)
    | undefined;
  /**
   * Decides whether the container may connect to `address` to call an agent
   * whose proxy a peer has passed. May be async.
   *
   * @default {only the exact addresses of containers that the program has
   * connected to, has watched or has spawned}
   */
  readonly allowConnect?:
    | ((address: string) => boolean | Promise<boolean>)
    | undefined;
}

/** Options for {@linkcode Container.connect}. */
export interface ConnectOptions {
  /**
   * How long to retry while the container cannot be reached or does not have
   * the agent yet, in milliseconds; 0 for one attempt, `Infinity` to retry
   * forever. The random waits between attempts grow from 50 ms to 5 s. Times
   * are by the clock of this container while `fastForward` or `paceClock` runs
   * it, otherwise in real time. Calls of the proxy wait equally long while the
   * agent is away.
   *
   * @default {0}
   */
  readonly retryForMs?: number | undefined;
  /** Gives up; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}
