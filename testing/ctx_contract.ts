import type { Container, ContainerOptions } from "../agent/container.ts";
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
 * sides show throw-away certificates, of the name `"ctx"`.
 */
export type CtxTransport = "tcp" | "unix" | "memory" | "tls";

/** The body of a test. */
export type CtxBody = (ctx: Ctx) => void | Promise<void>;

/**
 * What to spread into `startServer`, `openConnection` or `Container.create`
 * made by hand.
 */
export interface CtxChannelOptions {
  /** The codec of this step. */
  readonly codec: Codec;
  /** Makes an error that nobody awaits fail this step. */
  readonly onError: OnError;
  /** The way through the step's network, where the test uses that. */
  readonly transport?: Transport;
  /** The certificates of a step with TLS, where `transport` has them not; others
   * have none. */
  readonly tls?: CtxTlsOptions | undefined;
}

/**
 * The option `tls` of a step with TLS: with it a server demands certificates of
 * its clients, and a client has one. To change parts of it, spread it:
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
 * What the body of a test works with; the body is the client. One is made for
 * each step, and ends with it: then every method throws `StepEndedError`.
 *
 * It closes what it made and what it was given by {@linkcode Ctx.use}, the
 * last first, however the body ends. Whatever else the body opens, it must
 * close itself, and it must await all its calls.
 */
export interface Ctx {
  /** The transport of this step. */
  readonly transport: CtxTransport;
  /**
   * An address of this transport to start a server at, another one each time
   * it is read. Connect to the server's own `address`: the port is chosen by
   * the system.
   */
  readonly address: string;
  /**
   * What to spread into `startServer`, `openConnection` or `Container.create`
   * made by hand.
   */
  readonly options: CtxChannelOptions;
  /**
   * Aborts when the step's time is up, with the `StepTimeoutError` as reason.
   */
  readonly signal: AbortSignal;
  /**
   * The authority of this step's certificates, to issue others, good and bad.
   *
   * @throws {TypeError} If this step's transport is not `"tls"`.
   */
  readonly authority: TestAuthority;
  /** The same for services: RPC servers and clients. */
  readonly rpc: CtxRpc;
  /**
   * The network between the servers and clients of this step, with faults on
   * demand. Read it first: what was started before leads around it.
   *
   * @throws {TypeError} If a server or container was started before.
   * @throws {StepEndedError} If the step is over.
   */
  readonly network: Network;
  /**
   * The clock of this step, by which its containers live, where the test has
   * the option `utcStart`. Set it, or hand it to `fastForward`.
   *
   * @throws {TypeError} If the test has no `utcStart`.
   */
  readonly clock: ExternalClock;
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
   * Connects to the server that was started last, even if it is closed by now.
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
   * Makes a container at a fresh address, with the step's codec, and with its
   * clock where the test has the option `utcStart`.
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
   * Takes over something that the test opened, and returns it: it is disposed
   * of at the end of the step, and no leak.
   *
   * @throws {StepEndedError} If the step is over.
   */
  use<T extends AsyncDisposable | Disposable>(resource: T): T;
  /**
   * Takes out the errors that nobody awaited so far, the oldest first: what
   * handlers threw, and how peers broke the protocol. Those that are not taken
   * fail the step.
   *
   * @throws {StepEndedError} If the step is over.
   */
  takeHandlerErrors(): unknown[];
}
