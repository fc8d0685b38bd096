import type { Container } from "../agent/container.ts";
import type { ContainerOptions } from "../agent/container_options.ts";
import type { ExternalClock } from "../agent/clock/external_clock.ts";
import type { Channel, CloseOptions } from "../channel/channel.ts";
import type { Codec } from "../channel/codecs/codec.ts";
import type { ConnectionOptions } from "../channel/open.ts";
import type { OnError } from "../channel/report.ts";
import type { Transport } from "../transports/transport.ts";
import type {
  ConnectHandler,
  Server,
  ServerOptions,
} from "../channel/server.ts";
import type {
  TestAuthority,
  TestCertificate,
} from "./certificates/certificates.ts";
import type { CtxRpc } from "./ctx_rpc_contract.ts";
import type { Network } from "./network_contract.ts";

/**
 * The transports that a test can run on. `"tls"` is TCP with TLS, where both
 * sides present throw-away certificates with the name `"ctx"`; `"ws"` is
 * WebSocket.
 */
export type CtxTransport = "tcp" | "unix" | "memory" | "tls" | "ws";

/** A custom transport that tests run on. */
export interface CtxOwnTransport {
  /** The name of the transport's steps, such as `"pigeon"`. */
  readonly name: string;
  /** Carries the bytes. */
  readonly transport: Transport;
  /** Returns an unused address, at which a server can start. */
  readonly address: () => string;
}

/** The body of a test. */
export type CtxBody = (ctx: Ctx) => void | Promise<void>;

/** Options for `withCtx`. */
export interface CtxOptions {
  /** The name of the test. */
  readonly name: string;
  /**
   * The transports to run on, in this order. `"tls"` and `"ws"` run only if
   * they are listed here.
   *
   * The environment variable DENOMAS_TRANSPORTS, such as `tcp,memory`, skips
   * all others. It may also name a module, such as `./pigeon.ts`, whose default
   * export is a {@linkcode CtxOwnTransport}: tests that run on all default
   * transports then run on that one, too.
   *
   * @default {["tcp", "unix", "memory"]}
   */
  readonly transports?:
    | readonly (CtxTransport | CtxOwnTransport)[]
    | undefined;
  /**
   * The codecs to run with. Each transport runs with each codec, in steps with
   * names such as `tcp · msgpack`.
   *
   * @default {[json()]}
   */
  readonly codecs?: readonly Codec[] | undefined;
  /**
   * The date at which `ctx.clock` begins. That is the `ExternalClock` of the
   * test's containers, on which an hour passes in no real time.
   *
   * @default {none: containers use the system clock}
   */
  readonly utcStart?: Date | string | undefined;
  /**
   * The seed of the random numbers of `ctx.network`, an integer from 0 to
   * 4,294,967,295.
   *
   * @default {DENOMAS_SEED in the environment, or another one in each run}
   */
  readonly seed?: number | undefined;
  /**
   * Also runs the body in this many simulated worlds, one for each seed, as
   * `simulate` does: time is virtual, messages take from 1 to 10 ms, and each
   * seed runs simultaneous events in a different order.
   *
   * @default {0}
   */
  readonly simulations?: number | undefined;
  /**
   * Runs before the body, on each transport (`Deno.test.beforeEach` runs only
   * once for all of them). Its time counts towards the body's limit.
   *
   * @default {none}
   */
  readonly beforeEach?: CtxBody | undefined;
  /**
   * Runs after the body and before clean-up, on each transport, even if the
   * body or `beforeEach` throws.
   *
   * @default {none}
   */
  readonly afterEach?: CtxBody | undefined;
  /**
   * The permissions of the test, as in `Deno.test`.
   *
   * @default {"inherit"}
   */
  readonly permissions?: Deno.PermissionOptions | undefined;
  /**
   * The time limit of the body on each transport, in milliseconds. Use
   * `Infinity` with a debugger.
   *
   * @default {10_000}
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Whether to report each leak with its whole creation stack, instead of only
   * one line of it.
   *
   * @default {true with DENOMAS_TRACE=1 in the environment}
   */
  readonly trace?: boolean | undefined;
}

/**
 * The options of a step for servers, connections and containers that a test
 * opens without `ctx`: spread them into the options of `startServer`,
 * `openConnection` or `Container.create`.
 */
export interface CtxChannelOptions {
  /** The codec of this step. */
  readonly codec: Codec;
  /** Fails this step if an error is reported that no caller awaits. */
  readonly onError: OnError;
  /**
   * The transports through the step's network, if the test uses
   * {@linkcode Ctx.network}. They apply the step's TLS themselves.
   */
  readonly transports?: readonly Transport[];
  /** The certificates of a step with TLS and without a network. */
  readonly tls?: CtxTlsOptions | undefined;
}

/**
 * The option `tls` of a step with TLS. Servers require client certificates, and
 * clients present one. To change a part, spread it: `{ tls: {
 * ...ctx.options.tls, ...await ctx.authority.issue() } }`.
 */
export interface CtxTlsOptions extends TestCertificate {
  /** The certificate of {@linkcode Ctx.authority}. */
  readonly caCerts: string;
}

/** Options for {@linkcode Ctx.startServerAndConnect}. */
export interface CtxPairOptions {
  /** Options of the server. */
  readonly server?: ServerOptions | undefined;
  /** Options of the client. */
  readonly client?: ConnectionOptions | undefined;
}

/**
 * The context of one step, which is passed to the body of a test. It ends with
 * the step: afterwards every method throws `StepEndedError`.
 *
 * When the body ends, successfully or not, the context closes everything it has
 * opened or was given by {@linkcode Ctx.use}, in reverse order. The body must
 * close everything else that it opens, and await all its calls.
 */
export interface Ctx {
  /** The name of this step's transport. */
  readonly transport: CtxTransport | (string & Record<never, never>);
  /**
   * A fresh address of this transport to start a server at; each read returns a
   * new one. Connect to the server's own `address`, which includes its port.
   */
  readonly address: string;
  /**
   * Options for servers, connections and containers that are opened without
   * `ctx`.
   */
  readonly options: CtxChannelOptions;
  /** Aborts when the step's time is up, with a `StepTimeoutError` as reason. */
  readonly signal: AbortSignal;
  /**
   * The authority of this step's certificates. It can issue further
   * certificates.
   *
   * @throws {TypeError} If this step's transport is not `"tls"`.
   */
  readonly authority: TestAuthority;
  /** Starts RPC servers and clients. */
  readonly rpc: CtxRpc;
  /**
   * The network between the servers and clients of this step, which can inject
   * faults. Read this property before the first server starts.
   *
   * @throws {TypeError} If a server or container was started before.
   * @throws {StepEndedError} If the step is over.
   */
  readonly network: Network;
  /**
   * The clock of this step's containers, if the test has the option `utcStart`.
   * Set it, or pass it to `fastForward`.
   *
   * @throws {TypeError} If the test has no `utcStart`.
   */
  readonly clock: ExternalClock;
  /**
   * Advances {@linkcode Ctx.clock} as `fastForward` does: to the time `until`,
   * in seconds, or until nothing waits for the clock. The clock stands still
   * while code runs, and while a message is in transit between servers, clients
   * and containers of this step, on any transport.
   *
   * @throws {TypeError} If the test has no `utcStart`.
   * @throws {RangeError} As a rejection, if `until` is in the past.
   */
  fastForward(
    options?: { readonly until?: number | undefined },
  ): Promise<void>;
  /**
   * Starts a server at a fresh address.
   *
   * @throws {StepEndedError} If the step is over.
   */
  startServer(
    handler: ConnectHandler,
    options?: ServerOptions,
  ): Promise<Server>;
  /**
   * Connects to the most recently started server, even if it is closed.
   *
   * @throws {TypeError} If no server was started.
   * @throws {ConnectError} If the server cannot be reached.
   * @throws {StepEndedError} If the step is over.
   */
  connect(options?: ConnectionOptions): Promise<Channel>;
  /**
   * Starts a server at a fresh address and connects to it.
   *
   * @throws {StepEndedError} If the step is over.
   */
  startServerAndConnect(
    handler: ConnectHandler,
    options?: CtxPairOptions,
  ): Promise<Channel>;
  /**
   * Creates a container at a fresh address. It uses the step's codec and, if
   * the test has the option `utcStart`, the step's clock.
   *
   * @throws {StepEndedError} If the step is over.
   */
  createContainer(options?: ContainerOptions): Promise<Container>;
  /**
   * Closes the most recently started server. Repeatable.
   *
   * @throws {TypeError} If no server was started.
   * @throws {StepEndedError} If the step is over.
   */
  closeServer(options?: CloseOptions): Promise<void>;
  /**
   * Starts the most recently started server again, at the same address and with
   * the same handler and options. If it is still open, it crashes first: its
   * connections break off.
   *
   * @throws {TypeError} If no server was started.
   * @throws {StepEndedError} If the step is over.
   */
  restartServer(): Promise<Server>;
  /**
   * Calls `check` repeatedly until it returns something other than `false`
   * without throwing, and resolves to that value.
   *
   * @param options `withinMs` is the time limit, 1,000 ms by default, in real
   * time even if timers are faked. In a simulation it is virtual time.
   * @throws {Error} As a rejection, an `AssertionError` with the error of
   * `check` as its cause, if the limit is reached.
   */
  eventually<T>(
    check: () => T | Promise<T>,
    options?: { readonly withinMs?: number | undefined },
  ): Promise<T>;
  /**
   * Settles as `work` does, unless that takes longer than `withinMs`, by
   * default 1,000 ms of real time, or of virtual time in a simulation.
   *
   * @throws {Error} As a rejection, an `AssertionError` if `work` takes longer.
   */
  within<T>(
    work: Promise<T>,
    options?: { readonly withinMs?: number | undefined },
  ): Promise<T>;
  /**
   * Resolves after `forMs`, by default 20 ms of real time, or of virtual time
   * in a simulation, if `work` has not settled by then. The returned promise
   * can be awaited later.
   *
   * @throws {Error} As a rejection, an `AssertionError` as soon as `work`
   * settles.
   */
  expectNothing(
    work: Promise<unknown>,
    options?: { readonly forMs?: number | undefined },
  ): Promise<void>;
  /**
   * Takes ownership of a resource that the test has opened, and returns it. The
   * step disposes of it at its end, so it does not count as a leak.
   *
   * @throws {StepEndedError} If the step is over.
   */
  use<T extends AsyncDisposable | Disposable>(resource: T): T;
  /**
   * Removes and returns the errors that were reported so far and that no caller
   * awaits, oldest first: errors of handlers, and protocol violations. Errors
   * that are not taken fail the step.
   *
   * @throws {StepEndedError} If the step is over.
   */
  takeHandlerErrors(): unknown[];
}
