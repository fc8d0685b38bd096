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
 * sides present throw-away certificates with the name `"ctx"`; `"ws"` is WebSocket.
 */
export type CtxTransport = "tcp" | "unix" | "memory" | "tls" | "ws";

/** A transport of your own that tests run on. */
export interface CtxOwnTransport {
  /** The name of its steps, such as `"pigeon"`. */
  readonly name: string;
  /** Carries the bytes. */
  readonly transport: Transport;
  /** Returns an address at which nobody listens, for a server that starts. */
  readonly address: () => string;
}

/** The body of a test. */
export type CtxBody = (ctx: Ctx) => void | Promise<void>;

/** Options for `withCtx`. */
export interface CtxOptions {
  /** The name of the test. */
  readonly name: string;
  /**
   * The transports to run on, in this order; `"tls"` and `"ws"` only where they
   * are named.
   *
   * DENOMAS_TRANSPORTS in the environment, such as `tcp,memory`, ignores all
   * others. It may also name a module, such as `./pigeon.ts`, whose default export
   * is a {@linkcode CtxOwnTransport}: tests that run on all of the default ones
   * run on that, too.
   *
   * @default {["tcp", "unix", "memory"]}
   */
  readonly transports?:
    | readonly (CtxTransport | CtxOwnTransport)[]
    | undefined;
  /**
   * The codecs to run with: each transport runs with each codec, and the steps
   * have names such as `tcp · msgpack`.
   *
   * @default {[json()]}
   */
  readonly codecs?: readonly Codec[] | undefined;
  /**
   * The date at which `ctx.clock` begins: the `ExternalClock` of the test's
   * containers, in which an hour takes no time.
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
   * Runs the body also in so many simulated worlds, one for each seed, as
   * `simulate` does: in virtual time, where messages take from 1 to 10 ms and what
   * is due at the same time is done in another order with each seed.
   *
   * @default {0}
   */
  readonly simulations?: number | undefined;
  /**
   * Runs before the body, on each transport. `Deno.test.beforeEach` runs only
   * once for all of them. Its time is part of the body's.
   *
   * @default {none}
   */
  readonly beforeEach?: CtxBody | undefined;
  /**
   * Runs after the body, on each transport, also if the body or `beforeEach`
   * throws, and before clean-up.
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
   * The longest time that the body may take on each transport, in milliseconds.
   * Use `Infinity` with a debugger.
   *
   * @default {10_000}
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Reports each leak with the whole stack that made it, and not only with one
   * line.
   *
   * @default {true with DENOMAS_TRACE=1 in the environment}
   */
  readonly trace?: boolean | undefined;
}

/**
 * The options of a step for servers, connections and containers that a test
 * opens by hand: spread them into those of `startServer`, `openConnection` or
 * `Container.create`.
 */
export interface CtxChannelOptions {
  /** The codec of this step. */
  readonly codec: Codec;
  /** Fails this step with errors that no caller awaits. */
  readonly onError: OnError;
  /**
   * The transports through the step's network, if the test uses that. They
   * apply the step's TLS themselves.
   */
  readonly transports?: readonly Transport[];
  /** The certificates of a step with TLS and without a network. */
  readonly tls?: CtxTlsOptions | undefined;
}

/**
 * The option `tls` of a step with TLS, with which servers demand certificates
 * and clients present one. To change a part, spread it:
 * `{ tls: { ...ctx.options.tls, ...await ctx.authority.issue() } }`.
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
 * The context of one step, which the body of a test gets as its argument. It
 * ends with the step: then every method throws `StepEndedError`.
 *
 * However the body ends, the context closes what it has opened, and what
 * {@linkcode Ctx.use} was given, in reverse order. The body closes everything
 * else that it opens, and awaits all its calls.
 */
export interface Ctx {
  /** The transport of this step, by its name. */
  readonly transport: CtxTransport | (string & Record<never, never>);
  /**
   * A fresh address of this transport, another one at each read, to start a
   * server at. Connect to the server's own `address`, which has its port.
   */
  readonly address: string;
  /** The options for servers, connections and containers opened by hand. */
  readonly options: CtxChannelOptions;
  /**
   * Aborts when the step's time is up, with the `StepTimeoutError` as reason.
   */
  readonly signal: AbortSignal;
  /**
   * The authority of this step's certificates, which can issue others.
   *
   * @throws {TypeError} If this step's transport is not `"tls"`.
   */
  readonly authority: TestAuthority;
  /** Starts RPC servers and clients. */
  readonly rpc: CtxRpc;
  /**
   * The network between the servers and clients of this step, with faults on
   * demand. Read it before the first server starts.
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
   * Runs {@linkcode Ctx.clock} as `fastForward` does: to the time `until`, in
   * seconds, or until nothing waits for it. It stands still while code runs, and
   * while a message is on its way between servers, clients and containers of this
   * step, on any transport.
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
   * Connects to the server that was started last, even if it is closed.
   *
   * @throws {TypeError} If none was started.
   * @throws {ConnectError} If it cannot be reached.
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
   * Creates a container at a fresh address, with the step's codec, and with the
   * step's clock if the test has the option `utcStart`.
   *
   * @throws {StepEndedError} If the step is over.
   */
  createContainer(options?: ContainerOptions): Promise<Container>;
  /**
   * Closes the server that was started last. Repeatable.
   *
   * @throws {TypeError} If none was started.
   * @throws {StepEndedError} If the step is over.
   */
  closeServer(options?: CloseOptions): Promise<void>;
  /**
   * Starts the server that was started last again, at the same address and with
   * the same handler and options. If it is still open, it crashes first: its
   * connections break off.
   *
   * @throws {TypeError} If none was started.
   * @throws {StepEndedError} If the step is over.
   */
  restartServer(): Promise<Server>;
  /**
   * Waits until `check` returns something else than `false` and does not throw,
   * and resolves to that.
   *
   * @param options `withinMs` is the longest time, 1,000 ms by default. It is
   * real time, whatever is faked.
   * @throws {Error} As a rejection, an `AssertionError` with the error of `check`
   * as its cause.
   */
  eventually<T>(
    check: () => T | Promise<T>,
    options?: { readonly withinMs?: number | undefined },
  ): Promise<T>;
  /**
   * Resolves as `work` does, unless that takes longer than `withinMs`, 1,000 ms
   * of real time by default.
   *
   * @throws {Error} As a rejection, an `AssertionError` if it takes longer.
   */
  within<T>(
    work: Promise<T>,
    options?: { readonly withinMs?: number | undefined },
  ): Promise<T>;
  /**
   * Resolves after `forMs`, 20 ms of real time by default, if `work` has not
   * settled by then. It can be awaited later.
   *
   * @throws {Error} As a rejection, an `AssertionError` as soon as it settles.
   */
  expectNothing(
    work: Promise<unknown>,
    options?: { readonly forMs?: number | undefined },
  ): Promise<void>;
  /**
   * Takes over a resource that the test has opened, and returns it. The step
   * disposes of it at its end, so that it is no leak.
   *
   * @throws {StepEndedError} If the step is over.
   */
  use<T extends AsyncDisposable | Disposable>(resource: T): T;
  /**
   * Takes out the errors so far that no caller awaits, the oldest first: those
   * of handlers, and breaches of the protocol. All others fail the step.
   *
   * @throws {StepEndedError} If the step is over.
   */
  takeHandlerErrors(): unknown[];
}
