import { checkRange, sumOfStats } from "../channel/internal.ts";
import type { ChannelStats, CloseOptions } from "../channel/channel.ts";
import type { CloseReason } from "../channel/errors.ts";
import type { Remote } from "../rpc/remote.ts";
import { type RpcServer, serveWith } from "../rpc/server.ts";
import { observed, world } from "../transports/internal.ts";
import type { TlsOptions } from "../transports/tls/options.ts";
import { ContainerContext } from "./_container_context.ts";
import {
  type Dependent,
  internalsOf,
  setInternals,
} from "./_container_internals.ts";
import {
  checkContainerAddress,
  parseAgentAddress,
  publicAddress,
} from "./address.ts";
import type { AgentLike } from "./agent_options.ts";
import { useOf } from "./clock/_clock_use.ts";
import {
  type ContainerTraffic,
  type HasWatched,
  type Watched,
  watched,
} from "./clock/_party.ts";
import { settleInProcess } from "./clock/settle.ts";
import type { Clock } from "./clock/base_clock.ts";
import { SystemClock } from "./clock/system_clock.ts";
import type { ConnectOptions, ContainerOptions } from "./container_options.ts";
import type { GroupEngine } from "./groups/contract.ts";
import { Group } from "./groups/group.ts";
import { HomeEngine } from "./groups/_home_engine.ts";
import { Links } from "./links/_links.ts";
import { actAsNobody } from "./messages/_acting.ts";
import { AgentFactory } from "./supervision/_agent_factory.ts";
import { GRACE_MS } from "./supervision/_agent_lifecycle.ts";
import { ContainerService } from "./supervision/_container_service.ts";
import { Supervisor } from "./supervision/_supervisor.ts";

/**
 * A class of agents. `Args` are the constructor arguments after the container.
 */
export type AgentClass<A extends AgentLike, Args extends unknown[]> = new (
  container: Container,
  ...args: Args
) => A;

/** The result of {@linkcode Container.watch}. */
export interface AgentGone {
  /** The watched address. */
  readonly address: string;
  /**
   * What is gone: the agent alone, or its container, which may only be
   * unreachable.
   */
  readonly scope: "agent" | "container";
  /** A short reason, for people and logs. */
  readonly message: string;
}

/**
 * The sizes of a container's tables. Channel counts are sums over all
 * connections, including ended ones. The connection of a container to itself
 * has two ends, which are both counted.
 */
export interface ContainerStats extends ChannelStats {
  /** Agents that can be called. */
  readonly agents: number;
  /** Agents that are starting or closing. */
  readonly hiddenAgents: number;
  /** Connections that this container has made, one per other container. */
  readonly connections: number;
  /** Connections that others have made to this container. */
  readonly clients: number;
  /** Connections that this container has made since it started. */
  readonly openedConnections: number;
  /** Connections that others have made to this container since it started. */
  readonly acceptedConnections: number;
  /**
   * Connections in both directions that ended with an error: they were lost or
   * cut, or the peer broke the protocol.
   */
  readonly failedConnections: number;
  /** Incoming connections that were closed at once because of the limit. */
  readonly refusedConnections: number;
  /** Calls that wait until their agents have finished earlier ones. */
  readonly waitingCalls: number;
  /** Calls that were refused since the start because too many were waiting. */
  readonly refusedCalls: number;
  /** Members of the groups whose home is this container. */
  readonly groupMembers: number;
  /**
   * Watched agents of this container, counted once for each watching container.
   */
  readonly watches: number;
  /** Proxies for agents that are kept for the next `connect`. */
  readonly proxies: number;
}

/**
 * A home for agents. It listens at an address, and connects its agents with
 * those of other containers. All its agents share one server, and one
 * connection to each other container.
 *
 * A container owns its agents, its connections and the containers that it has
 * spawned. Create it with {@linkcode Container.create}.
 */
export class Container implements AsyncDisposable, HasWatched {
  /** The clock of the agents. */
  readonly clock: Clock;
  readonly #context: ContainerContext;
  readonly #supervisor: Supervisor;
  readonly #links: Links;
  readonly #service: ContainerService;
  readonly #dependents = new Set<Dependent>();
  /** The engines that carry group messages, by the addresses of the homes. */
  readonly #engines = new Map<string, GroupEngine>();
  readonly #ownClock: SystemClock | null;
  readonly #closed = Promise.withResolvers<CloseReason>();
  /** Set by `create`. */
  #server!: RpcServer;

  private constructor(options: ContainerOptions) {
    this.#ownClock = options.clock === undefined ? new SystemClock() : null;
    this.clock = options.clock ?? this.#ownClock!;
    const context = new ContainerContext(this, options, this.clock, (error) => {
      const message = "a task of an agent failed";
      const reason = { by: "error", code: "task-failed", message } as const;
      this.#close({ ...reason, error }, GRACE_MS);
    });
    const supervisor = new Supervisor(context);
    const registrationKeys = new Map<string, string>();
    this.#context = context;
    this.#supervisor = supervisor;
    const { maxWatches = 65_536 } = options;
    checkRange("maxWatches", maxWatches, 1);
    const service = new ContainerService(
      supervisor,
      registrationKeys,
      maxWatches,
    );
    this.#service = service;
    const links = this.#links = new Links(
      context,
      service,
    );
    const dependents = this.#dependents;
    const parts = {
      report: this.#report,
      context,
      links,
      supervisor,
      dependents,
      registrationKeys,
    };
    setInternals(this, parts);
  }

  /**
   * Creates a container that listens at `address`.
   *
   * @param address As for a server: `tcp://host:port`, with port 0 for a free
   * port, `ipc://[/path/to/socket]` or `local://name`.
   * @throws {AddressInUseError} If another program listens there.
   * @throws {TypeError} If no transport supports the address, or `tls` cannot
   * be used.
   */
  static async create(
    address: string,
    options: ContainerOptions = {},
  ): Promise<Container> {
    const container = new Container(options);
    await actAsNobody(() => container.#listen(address));
    return container;
  }

  async #listen(address: string): Promise<void> {
    const { options } = this.#context;
    const startSession = this.#links.sessions({ isInitiator: false });
    let server: RpcServer | null = null;
    const use = useOf(this.clock);
    use.opening++;
    try {
      server = await serveWith(startSession, address, {
        ...options,
        tls: undefined,
      });
      this.#context.address = publicAddress(server.address, options.publicHost);
      this.#server = server;
    } catch (error) {
      this.#ownClock?.close();
      await server?.close({ graceMs: 0 });
      throw error;
    } finally {
      use.opening--;
    }
    observed.by?.opened(this, "container", () => this.address);
    observed.by?.owned(server, this);
    useOf(this.clock).reports.add(this.#report);
    if (this.#ownClock !== null) observed.by?.owned(this.#ownClock, this);
  }

  /** The address, with the actual port and the host's name filled in. */
  get address(): string {
    return this.#context.address;
  }

  /** Resolves to the reason when the container is closed. Never rejects. */
  get closed(): Promise<CloseReason> {
    return this.#closed.promise;
  }

  /**
   * Returns a random number from 0 up to, but not including, 1. With a seed
   * (see the option `seed`), agents that draw numbers in the same order get the
   * same numbers in each run. Not for secrets.
   */
  random(): number {
    return this.#context.random();
  }

  /** The agents that can be called, by id, in the order of creation. */
  get agents(): ReadonlyMap<string, AgentLike> {
    return this.#supervisor.visible.children;
  }

  /**
   * Makes an agent, and resolves to it after its `onStart` has run. Others can
   * see the agent only from then on.
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
   * @throws {unknown} The error of the constructor or of `onStart`, after
   * everything that they made is closed.
   * @throws {ContainerClosedError} If the container is closed, or the agent is
   * closed before it has started.
   */
  async spawn<A extends AgentLike, Args extends unknown[]>(
    type: AgentClass<A, Args>,
    ...args: Args
  ): Promise<A> {
    this.#context.checkOpen("spawn an agent");
    const make = () => new type(this, ...args);
    const factory = new AgentFactory(type, make);
    return await this.#supervisor.spawn(factory) as A;
  }

  /**
   * Connects to the agent at `address`, in this or another container. It asks
   * whether the agent exists, and returns a proxy for it: always the same
   * proxy, as long as your code holds it. If the connection is lost, the next
   * call makes a new one. With `retryForMs`, calls wait up to that long while
   * the agent is away; a call that may already have run is repeated only if its
   * method is idempotent.
   *
   * @typeParam T The class of the agent. It is not checked.
   * @throws {ConnectError} If the agent's container cannot be reached within
   * `retryForMs`, or the connection is lost during the request.
   * @throws {TimeoutError} If the agent's container does not answer for 10 s.
   * @throws {AuthenticationError} If the agent's container refuses this one.
   * @throws {AgentNotFoundError} If there is no such agent within `retryForMs`.
   * @throws {ContainerClosedError} If this container is closed.
   * @throws {TypeError} If `address` is not the address of an agent.
   */
  async connect<T>(
    address: string,
    options: ConnectOptions = {},
  ): Promise<Remote<T>> {
    this.#context.access.name(parseAgentAddress(address).container);
    return await this.#links.agent(address, options) as Remote<T>;
  }

  /**
   * Resolves when the agent at `address` is gone: it is closed, is restarted,
   * or does not exist; or its container is closed, dies or cannot be reached.
   * Loss of a container is noticed as soon as its connection ends. A container
   * of aiomas is instead asked for its agent every five seconds.
   *
   * @throws {unknown} The reason of the signal, if the signal aborts first.
   * @throws {ContainerClosedError} If this container is closed, or closes while
   * it watches an agent of another container.
   * @throws {TypeError} If `address` is not the address of an agent.
   */
  async watch(
    address: string,
    { signal }: Pick<ConnectOptions, "signal"> = {},
  ): Promise<AgentGone> {
    const { container, id } = parseAgentAddress(address);
    if (container !== this.address) {
      this.#context.access.name(container);
      return { address, ...await this.#links.watch(address, signal) };
    }
    if (this.#links.isEnding) {
      throw this.#context.closedError(`watch '${address}'`);
    }
    const message = await this.#supervisor.watch(id, signal);
    return { address, scope: "agent", message };
  }

  /**
   * Returns a group of agents, whose members can be told and asked together.
   * One container, the home of the group, keeps the list of members: by default
   * this container, else the one at the address `home`. Groups with the same
   * name and home are the same group.
   *
   * ```ts
   * import { Agent, Container } from "@denomas/denomas/agent";
   * import { expose } from "@denomas/denomas/rpc";
   * import { assertEquals } from "@std/assert";
   *
   * class Bidder extends Agent {
   *   protected override async onStart() {
   *     await this.container.group("bidders").join(this);
   *   }
   *   @expose
   *   quote(what: string): string {
   *     return `8 for ${what}`;
   *   }
   * }
   *
   * await using container = await Container.create("local://group");
   * const { address } = await container.spawn(Bidder);
   * const bidders = container.group<Bidder>("bidders");
   * const quotes = await bidders.ask({ within: 5 }).quote("tulips");
   * assertEquals(quotes, [{ member: address, value: "8 for tulips" }]);
   * ```
   *
   * @typeParam T The class of the members. It is not checked.
   * @throws {TypeError} If `home` is not the address of a container.
   */
  group<T>(
    name: string,
    { home = this.address }: { readonly home?: string | undefined } = {},
  ): Group<T> {
    checkContainerAddress(home);
    let engine = this.#engines.get(home);
    if (engine === undefined) {
      if (home !== this.address) this.#context.access.name(home);
      engine = new HomeEngine(internalsOf(this), home);
      this.#engines.set(home, engine);
    }
    return new Group<T>(name, this, engine);
  }

  /**
   * Closes everything: first the agents, newest first, while they can still
   * call; then the spawned containers; then the server and the connections,
   * after their running methods; then the clock, if the container made it
   * itself. All of this ends within `graceMs`, by default 1,000. Can be called
   * repeatedly; joins a close in progress; never rejects.
   *
   * An agent may close its own container, but should not await the close: the
   * container waits for the agent until `graceMs` have passed.
   */
  async close({ graceMs = GRACE_MS }: CloseOptions = {}): Promise<void> {
    const message = "this side closed the container";
    const reason = { by: "local", code: "closed", message } as const;
    await this.#close(reason, graceMs);
  }

  async #close(reason: CloseReason, graceMs: number): Promise<void> {
    if (!this.#context.isClosing) {
      this.#context.isClosing = true;
      this.#closeParts(reason, world.now() + graceMs);
    }
    await this.closed;
  }

  async #closeParts(reason: CloseReason, until: number): Promise<void> {
    const rest = () => ({ graceMs: Math.max(0, until - world.now()) });
    await this.#supervisor.close(until);
    this.#service.watches.close();
    await Promise.all([...this.#dependents].map((it) => it.close(rest())));
    this.#links.end();
    // Running methods may still use the existing connections.
    await Promise.all([
      this.#server.close(rest()),
      this.#links.closeOwn(rest().graceMs),
    ]);
    await this.#links.close(rest().graceMs);
    this.#ownClock?.close();
    useOf(this.clock).reports.delete(this.#report);
    observed.by?.closed(this);
    this.#closed.resolve(reason);
  }

  /**
   * Switches to renewed certificates for new connections in both directions,
   * also in the containers that it has spawned with them. Agents and open
   * connections stay. Without `changes`, the certificate files are read again;
   * otherwise `changes` replace the same options given earlier. If this
   * rejects, the container keeps its current certificates.
   *
   * @throws {TypeError} If the certificates cannot be used, for example while
   * only one of two files is written, or if the container does not use TLS.
   */
  async renewCertificate(changes?: TlsOptions): Promise<void> {
    await this.#context.renewCertificate(changes);
    await Promise.all(
      Array.from(this.#dependents, (it) => it.takeCertificate?.()),
    );
  }

  /** Lets `quiescent` watch the container. */
  [watched](): Watched {
    return {
      isRemote: false,
      settle: async (signal) => {
        await settleInProcess(signal);
        const clock: Clock & { readonly nextDue?: number | null } = this.clock;
        const isOpen = useOf(clock).reports.has(this.#report);
        const hidden = this.#supervisor.size - this.agents.size;
        return {
          time: clock.time(),
          nextDue: isOpen ? clock.nextDue ?? null : null,
          opening: 0,
          containers: isOpen ? [this.#report()] : [],
          running: hidden + this.#links.traffic.running(),
        };
      },
    };
  }

  readonly #report = (): ContainerTraffic => {
    const { attempts, traffic } = this.#links;
    const report = traffic.report(this.address);
    return { ...report, pending: report.pending + attempts };
  };

  /** Closes the container. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Returns the current table sizes and connection counts. */
  stats(): ContainerStats {
    const links = this.#links;
    const { totals } = links;
    const accepted = this.#server.stats();
    const agents = this.agents.size;
    return {
      ...sumOfStats(accepted, totals.stats()),
      agents,
      hiddenAgents: this.#supervisor.size - agents,
      connections: links.size,
      clients: this.#server.clients.size,
      openedConnections: links.opened,
      acceptedConnections: accepted.acceptedConnections,
      failedConnections: accepted.failedConnections + totals.failed,
      refusedConnections: accepted.refusedConnections,
      groupMembers: this.#service.groups.size,
      waitingCalls: this.#supervisor.waiting,
      refusedCalls: this.#supervisor.refused,
      watches: this.#supervisor.watches,
      proxies: links.proxies,
    };
  }

  /**
   * Keeps the process alive while the container is open. This is the default.
   */
  ref(): void {
    this.#server.ref();
    this.#links.setRef(true);
  }

  /** Lets the process exit even though the container is open. */
  unref(): void {
    this.#server.unref();
    this.#links.setRef(false);
  }

  /** Returns the class name and the address. */
  toString(): string {
    return `Container('${this.address}')`;
  }
}
