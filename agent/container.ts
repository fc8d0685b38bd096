// Longer than most files: it puts all parts of a container together.
import type { CloseOptions } from "../channel/channel.ts";
import { json } from "../channel/codecs/json/json.ts";
import type { CloseReason } from "../channel/errors.ts";
import { sumOfStats } from "../channel/internal.ts";
import { Budget } from "../channel/limits/budget.ts";
import { resolveLimits } from "../channel/limits/limits.ts";
import type { BudgetOptions } from "../channel/options.ts";
import { guardedOnError, type OnError } from "../channel/report.ts";
import type { Remote } from "../rpc/remote.ts";
import type {
  AuthenticateOptions,
  CredentialsOptions,
} from "../rpc/authenticate.ts";
import { rpcChannel, type RpcOptions } from "../rpc/internal.ts";
import { type RpcServer, serveWith } from "../rpc/server.ts";
import { observed } from "../transports/internal.ts";
import type { TlsOptions } from "../transports/tls/options.ts";
import { parseAgentAddress, publicAddress } from "./address.ts";
import { AgentPlaces } from "./links/_agent_refs.ts";
import type { Clock } from "./clock/clock.ts";
import type {
  AgentGone,
  ConnectOptions,
  ContainerStats,
  Resident,
  WatchOptions,
} from "./container_contract.ts";
import { dateSerializer } from "./date_serializer.ts";
import { ContainerClosedError } from "./errors.ts";
import { type Dependent, setHousehold } from "./_container_internals.ts";
import { KnownAddresses } from "./links/_known_addresses.ts";
import { type Approach, Links } from "./links/_links.ts";
import { Preauthorization } from "./links/_preauthorization.ts";
import { GRACE_MS } from "./supervision/_agent_lifecycle.ts";
import { ContainerService } from "./supervision/_container_service.ts";
import { AgentFactory, Supervisor } from "./supervision/_supervisor.ts";
import { SystemClock } from "./clock/system_clock.ts";
import { tlsFor } from "./links/_tls_for.ts";

/** Options for `Container.create`. */
export interface ContainerOptions
  extends RpcOptions, AuthenticateOptions, CredentialsOptions {
  /**
   * Speaks TLS at `tcp://` addresses, both where it listens and where it
   * connects; other addresses go without. Each side shows a certificate to the
   * other, unless `clientCerts` is `"none"`.
   *
   * @default {nothing is encrypted}
   */
  readonly tls?: TlsOptions | undefined;
  /**
   * What tells the agents the time. The container closes only what it has
   * made itself.
   *
   * @default {a `SystemClock`}
   */
  readonly clock?: Clock | undefined;
  /**
   * File mode of a Unix socket.
   *
   * @default {0o600}
   */
  readonly mode?: number | undefined;
  /**
   * The host in the container's address, by which others reach it over TCP.
   *
   * @default {the one it listens at; for a wildcard, the machine's name, which
   * needs `--allow-sys=hostname`}
   */
  readonly publicHost?: string | undefined;
  /**
   * What to show to `authenticate` of other containers: plain data, or a
   * function that returns it, which is called with the address of the container
   * for each connection. It is shown at addresses that the program has named
   * itself, in `connect` or `watch`, and at no address that only a peer has
   * told, unless `credentialsFor` says so. A spawned container is shown what it
   * was given.
   *
   * @default {nothing}
   */
  readonly credentials?: unknown;
  /**
   * Whether `credentials` are also shown to the container at an address that
   * only a peer has told: by passing an agent, by an entry of a directory, or
   * by registering with a directory here. May be async.
   *
   * @default {no}
   */
  readonly credentialsFor?:
    | ((address: string) => boolean | Promise<boolean>)
    | undefined;
  /**
   * Whether the address of an agent that a peer has told, by passing a proxy,
   * may be dialled when that proxy is called. May be async.
   *
   * @default {only the very addresses of containers that the program has
   * connected to or watched itself, or has spawned}
   */
  readonly allowConnect?:
    | ((address: string) => boolean | Promise<boolean>)
    | undefined;
}

/** A class of agents; `Args` is what it takes beside the container. */
export type AgentClass<A extends Resident, Args extends unknown[]> = new (
  container: Container,
  ...args: Args
) => A;

/** What containers call is code of each other's: both sides say who they are. */
function mutual(tls: TlsOptions | undefined): TlsOptions | undefined {
  return tls && { ...tls, clientCerts: tls.clientCerts ?? "require" };
}

/**
 * A home for agents: it listens at an address, and connects its agents with
 * those of other containers. All of them share its server, and one connection
 * to each other container.
 *
 * It owns its agents and connections, and what it has spawned. Made by
 * {@linkcode Container.create}.
 */
export class Container implements AsyncDisposable {
  /** What tells its agents the time. */
  readonly clock: Clock;
  /** Resolves when it is closed, to the reason. Never rejects. */
  readonly closed: Promise<CloseReason>;

  readonly #options: ContainerOptions & BudgetOptions;
  readonly #onError: OnError;
  readonly #supervisor: Supervisor;
  readonly #service: ContainerService;
  readonly #places: AgentPlaces;
  readonly #links: Links;
  readonly #known = new KnownAddresses();
  readonly #preauthorization: Preauthorization;
  readonly #registrationKeys = new Map<string, string>();
  readonly #dependents = new Set<Dependent>();
  readonly #ownClock: Disposable | null;
  readonly #resolveClosed: (reason: CloseReason) => void;
  #address = "";
  #server: RpcServer | null = null;
  #reason: CloseReason | null = null;

  private constructor(options: ContainerOptions) {
    this.#options = {
      ...options,
      serializers: [dateSerializer, ...options.serializers ?? []],
      tls: mutual(options.tls),
      // One for its server and its connections together.
      budget: new Budget(
        resolveLimits(options.limits).requests.maxServerHeldBytes,
      ),
    };
    const ownClock = options.clock === undefined ? new SystemClock() : null;
    this.#ownClock = ownClock;
    this.clock = options.clock ?? ownClock!;
    this.#onError = guardedOnError(options.onError);
    const { promise, resolve } = Promise.withResolvers<CloseReason>();
    this.closed = promise;
    this.#resolveClosed = resolve;
    this.#supervisor = new Supervisor({
      container: this,
      addressOf: () => this.#address,
      checkOpen: (act) => this.#checkOpen(act),
      report: (error, kind, address) => this.#onError(error, { kind, address }),
      escalate: (error) => {
        const message = "a task of an agent failed";
        const by = "error";
        this.#close({ by, code: "task-failed", message, error }, GRACE_MS);
      },
    });
    setHousehold(this, {
      supervisor: this.#supervisor,
      dependents: this.#dependents,
      codecName: (options.codec ?? json()).name,
      tls: this.#options.tls,
      credentials: options.credentials,
      serializers: options.serializers?.length ?? 0,
      checkOpen: (act) => this.#checkOpen(act),
      report: (error, address) =>
        this.#onError(error, { kind: "callback", address }),
      cut: (address) => this.#links.cut(address),
      name: (address) => this.#known.name(address),
      spawned: (address, credentials) => this.#spawned(address, credentials),
      admit: (address) => this.#preauthorization.admit(address),
      connectTold: (address) => this.#connectTold(address),
      leaseTold: async (address, signal) =>
        await this.#links.lease(address, signal, await this.#toldAt(address)),
      registrationKeys: this.#registrationKeys,
    });
    this.#preauthorization = new Preauthorization(options.authenticate);
    this.#service = new ContainerService(
      this.#supervisor,
      this.#registrationKeys,
    );
    this.#places = new AgentPlaces({
      owner: this,
      address: () => this.#address,
      typeOf: (id) => this.#service.validate_aid(id),
      route: async (address, signal) => {
        const { container } = parseAgentAddress(address);
        const approach = await this.#toldAt(container);
        return await this.#links.route(address, signal, approach);
      },
      allows: options.allowConnect ??
        ((address) => this.#known.hasAgent(address)),
      timeoutMs: options.timeoutMs ?? Infinity,
    });
    this.#links = this.#makeLinks();
  }

  /**
   * Makes a container that listens at `address`.
   *
   * @param address As for a server: `tcp://host:port`, with port 0 for a free
   * one, `ipc://[/path/to/socket]` or `local://name`.
   * @throws {AddressInUseError} If somebody else listens there.
   * @throws {TypeError} If the address has none of these forms, or `tls` cannot
   * be used.
   */
  static async create(
    address: string,
    options: ContainerOptions = {},
  ): Promise<Container> {
    const container = new Container(options);
    await container.#listen(address);
    return container;
  }

  #makeLinks(): Links {
    // Within one process nothing gets lost, and nobody needs to be asked.
    const toItself = {
      heartbeatMs: Infinity,
      authenticate: undefined,
      credentials: undefined,
      identity: this,
    };
    return new Links({
      address: () => this.#address,
      owner: this,
      makeChannel: (address, showsCredentials) =>
        this.#channels({
          saysHello: true,
          authenticate: this.#preauthorization.at(address),
          credentials: showsCredentials
            ? this.#credentialsAt(address)
            : undefined,
        }),
      hasCredentials: this.#options.credentials !== undefined,
      makeOwnChannels: [
        this.#channels({ saysHello: true, ...toItself }),
        this.#channels({ saysHello: false, ...toItself }),
      ],
      channelOptions: this.#options,
      closedError: (act) => this.#closedError(act),
    });
  }

  /** What the container at `address` is shown, if it is shown anything. */
  #credentialsAt(address: string): unknown {
    if (this.#preauthorization.has(address)) {
      return this.#preauthorization.credentialsAt(address);
    }
    const { credentials } = this.#options;
    return typeof credentials === "function"
      ? () => credentials(address)
      : credentials;
  }

  /** How a container is dialled whose address a peer has told. */
  async #toldAt(address: string): Promise<Approach> {
    const { credentials, credentialsFor } = this.#options;
    const isTold = address !== this.#address && !this.#known.isNamed(address);
    const showsCredentials = !isTold || credentials === undefined ||
      await credentialsFor?.(address) === true;
    return { isTold, showsCredentials };
  }

  async #connectTold(address: string): Promise<object> {
    const { container } = parseAgentAddress(address);
    const approach = await this.#toldAt(container);
    const remote = await this.#links.agent(address, {}, approach);
    this.#known.meet(container);
    // Boxed by nobody, as no proxy has a 'then'.
    return remote;
  }

  #spawned(address: string, credentials: unknown): Disposable {
    const agreed = this.#preauthorization.spawned(address, credentials);
    return {
      [Symbol.dispose]: () => {
        agreed[Symbol.dispose]();
        if (!this.#preauthorization.has(address)) this.#known.forget(address);
      },
    };
  }

  /** How both sides of its connections are made. */
  #channels(
    options:
      & RpcOptions
      & AuthenticateOptions
      & CredentialsOptions
      & { readonly saysHello: boolean; readonly identity?: unknown },
  ): ReturnType<typeof rpcChannel> {
    return rpcChannel(this.#service, {
      ...this.#options,
      places: this.#places,
      ...options,
    });
  }

  async #listen(address: string): Promise<void> {
    const makeChannel = this.#channels({ saysHello: false });
    try {
      this.#server = await serveWith(makeChannel, address, {
        ...this.#options,
        ...tlsFor(address, this.#options),
      });
      this.#address = publicAddress(
        this.#server.address,
        this.#options.publicHost,
      );
    } catch (error) {
      this.#ownClock?.[Symbol.dispose]();
      await this.#server?.close({ graceMs: 0 });
      throw error;
    }
    const observer = observed.by;
    observer?.opened(this, "container", () => this.#address);
    observer?.owned(this.#server, this);
  }

  /** Its address: an ephemeral port and the host's name are filled in. */
  get address(): string {
    return this.#address;
  }

  /** The agents that can be called, by id, in the order of creation. */
  get agents(): ReadonlyMap<string, Resident> {
    return this.#supervisor.visible.children;
  }

  /**
   * Makes an agent, and resolves to it when its `onStart` has run. Only from
   * then on others can see it.
   *
   * ```ts
   * import { Agent, Container } from "@denomas/denomas/agent";
   * import { expose } from "@denomas/denomas/rpc";
   * import { assertEquals } from "@std/assert";
   *
   * class Greeter extends Agent {
   *   readonly #greeting: string;
   *   constructor(container: Container, greeting: string) {
   *     super(container);
   *     this.#greeting = greeting;
   *   }
   *   @expose
   *   greet(name: string): string {
   *     return `${this.#greeting}, ${name}`;
   *   }
   * }
   *
   * await using container = await Container.create("local://spawn");
   * const { address } = await container.spawn(Greeter, "Hello");
   * const greeter = await container.connect<Greeter>(address);
   * assertEquals(await greeter.greet("Ada"), "Hello, Ada");
   * ```
   *
   * @throws {unknown} What the constructor or `onStart` throws; nothing is
   * left of the agent then.
   * @throws {ContainerClosedError} If the container is closed, or the agent is
   * before it has started.
   */
  async spawn<A extends Resident, Args extends unknown[]>(
    type: AgentClass<A, Args>,
    ...args: Args
  ): Promise<A> {
    this.#checkOpen("spawn an agent");
    const make = () => new type(this, ...args);
    const factory = new AgentFactory(type.prototype, make);
    return await this.#supervisor.spawn(factory) as A;
  }

  /**
   * Connects to the agent at `address`, here or in another container, asks
   * whether it exists, and returns a proxy for it, the same one as long as
   * somebody holds it. It lives as long as the connection: connect again after
   * that was lost.
   *
   * @typeParam T The class of the agent. Nothing checks that it is.
   * @throws {ConnectError} If its container cannot be reached, or is lost while
   * it is asked, within `retryForMs`.
   * @throws {TimeoutError} If its container does not answer for 10 s.
   * @throws {AuthenticationError} If its container refuses this one.
   * @throws {AgentNotFoundError} If there is no such agent, within
   * `retryForMs`.
   * @throws {ContainerClosedError} If this container is closed.
   * @throws {TypeError} If the address has no known form.
   */
  async connect<T>(
    address: string,
    options: ConnectOptions = {},
  ): Promise<Remote<T>> {
    this.#known.name(parseAgentAddress(address).container);
    return await this.#links.agent(address, options) as Remote<T>;
  }

  /**
   * Resolves when the agent at `address` is gone: when it is closed, is
   * restarted, or does not exist; or when its container is closed, dies or
   * cannot be reached, as soon as the connection ends. A peer of aiomas is
   * asked for its agent every five seconds.
   *
   * @throws {unknown} The reason of the signal, if that aborts first.
   * @throws {ContainerClosedError} If this container is closed, or closes while
   * it watches an agent of another one.
   * @throws {TypeError} If the address has no known form.
   */
  async watch(
    address: string,
    { signal }: WatchOptions = {},
  ): Promise<AgentGone> {
    const { container, id } = parseAgentAddress(address);
    if (container !== this.#address) {
      this.#known.name(container);
      return await this.#links.watch(address, signal);
    }
    if (this.#links.isEnding) throw this.#closedError(`watch '${address}'`);
    const reason = await this.#supervisor.watch(id, signal);
    return { address, scope: "agent", message: reason };
  }

  #checkOpen(act: string): void {
    if (this.#reason !== null) throw this.#closedError(act);
  }

  #closedError(act: string): ContainerClosedError {
    return new ContainerClosedError(
      `Cannot ${act}: the container '${this.#address}' is closed`,
    );
  }

  /**
   * Closes all: its agents, the newest first, while they can still call; then
   * what it has spawned; then its server and its connections, whose running
   * methods get to finish; then its clock, if it has made that itself. All that
   * within `graceMs`. Repeatable; joins a close in progress; never rejects.
   *
   * An agent may close its own container. It should not await that, since the
   * container waits for the agent until `graceMs`, 1,000 by default, have
   * passed.
   */
  async close({ graceMs = GRACE_MS }: CloseOptions = {}): Promise<void> {
    await this.#close({
      by: "local",
      code: "closed",
      message: "this side closed the container",
    }, graceMs);
  }

  async #close(reason: CloseReason, graceMs: number): Promise<void> {
    if (this.#reason === null) {
      this.#reason = reason;
      this.#closeAll(reason, performance.now() + graceMs);
    }
    await this.closed;
  }

  async #closeAll(reason: CloseReason, until: number): Promise<void> {
    const leftMs = () => Math.max(0, until - performance.now());
    await this.#supervisor.close(until);
    await this.#closeDependents(leftMs());
    this.#links.end();
    // Methods that run may still use connections that are there.
    await Promise.all([
      this.#server!.close({ graceMs: leftMs() }),
      this.#links.closeOwn(leftMs()),
    ]);
    await this.#links.close(leftMs());
    this.#ownClock?.[Symbol.dispose]();
    observed.by?.closed(this);
    this.#resolveClosed(reason);
  }

  async #closeDependents(graceMs: number): Promise<void> {
    const dependents = [...this.#dependents];
    await Promise.all(dependents.map((it) => it.close({ graceMs })));
  }

  /** Closes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** The sizes of its tables now, and what passed through its connections. */
  stats(): ContainerStats {
    const { size, watches, visible } = this.#supervisor;
    const server = this.#server!.stats();
    const { totals } = this.#links;
    return {
      ...sumOfStats(server, totals.stats()),
      agents: visible.children.size,
      hiddenAgents: size - visible.children.size,
      connections: this.#links.size,
      clients: this.#server!.clients.size,
      openedConnections: this.#links.opened,
      acceptedConnections: server.acceptedConnections,
      failedConnections: server.failedConnections + totals.failed,
      refusedConnections: server.refusedConnections,
      watches,
      proxies: this.#links.proxies,
    };
  }

  /** Keeps the process alive while it is open, as it does at first. */
  ref(): void {
    this.#server!.ref();
    this.#links.setRef(true);
  }

  /** Lets the process end although it is open. */
  unref(): void {
    this.#server!.unref();
    this.#links.setRef(false);
  }

  /** Names its address. */
  toString(): string {
    return `Container('${this.#address}')`;
  }
}
