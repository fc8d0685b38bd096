import {
  abortable,
  type BackoffOptions,
  Ending,
  Timers,
} from "../../channel/internal.ts";
import { TimeoutError } from "../../channel/errors.ts";
import {
  type AddressResolver,
  type Caller,
  makeRemote,
  type OwnPlace,
  type Place,
} from "../../rpc/internal.ts";
import type { CallOrigin } from "../../rpc/service/call_queue.ts";
import { alwaysService, type Router } from "../../rpc/service/service.ts";
import { ConnectError } from "../../transports/errors.ts";
import type { ContainerContext } from "../_container_context.ts";
import { classNameOf, isAgentId, parsePlacedAddress } from "../address.ts";
import type { AgentLike } from "../agent_options.ts";
import { actAs, currentOrigin } from "../messages/_acting.ts";
import {
  AgentCaller,
  type AgentCallerOptions,
  type RouteFinder,
  type WaitForAttempt,
} from "./_agent_caller.ts";
import type { AgentFinder } from "./_agent_finder.ts";
import type { Route } from "./_link.ts";

/** The start of agents' paths. */
const PREFIX = "agents/";

/** The most agents whose callers are remembered without a proxy. */
const MAX_CALLERS = 10_000;

/** Finds a route to the agent at an address. */
type FindRoute = (
  address: string,
  signal: AbortSignal | undefined,
) => Promise<Route>;

/** The connections of a container, as a source of routes to agents. */
interface RouteSource {
  /** Whether no new connections are made any more. */
  readonly isEnding: boolean;
  /**
   * Returns the finder for the agent at `address`, if it has no fixed
   * container.
   */
  finderOf(address: string): AgentFinder | undefined;
  /**
   * Returns a function that waits before each further attempt, for up to
   * `retryForMs` in all.
   */
  retries(retryForMs: number, waits?: BackoffOptions): WaitForAttempt;
  /** Returns the route to an agent, which may not exist. */
  route(address: string, signal?: AbortSignal): Promise<Route>;
}

/** Passes agents between containers, by their addresses. */
export class AgentAddresses implements AddressResolver {
  readonly #context: ContainerContext;
  readonly #agents: Router<AgentLike>;
  /** The connections of the container. */
  readonly #links: RouteSource;
  /** Finds routes to agents that the program has named. */
  readonly #named: RouteFinder;
  /** Finds routes to agents that only peers have named. */
  readonly #passed: RouteFinder;
  readonly #callers = new Map<string, Caller>();

  /** `agents` are the agents of the container. */
  constructor(
    context: ContainerContext,
    agents: Router<AgentLike>,
    links: RouteSource,
  ) {
    this.#context = context;
    this.#agents = agents;
    this.#links = links;
    const { container } = context;
    this.#named = new ContainerRoutes(
      links,
      container,
      (address, signal) => links.route(address, signal),
    );
    this.#passed = new ContainerRoutes(
      links,
      container,
      (address, signal) => this.#route(address, signal),
    );
  }

  // Also works for an agent that has not started or is closed: it may pass
  // itself at any time, and calls notice its state.
  placeOf(target: object): OwnPlace | null {
    if (!isAgent(target)) return null;
    const { address, id, container } = target;
    const isOwn = container === this.#context.container;
    const path = isOwn ? PREFIX + id : null;
    return { address, type: classNameOf(target), path };
  }

  open({ address, type }: Place): object {
    // A peer has named the address, so each call asks whether it may connect.
    const finder = this.#links.finderOf(address);
    const caller = finder === undefined
      ? this.#caller(address, { keepsRoute: false, retryForMs: 0 })
      : this.#shared(address, finder.retryForMs);
    const place = { address, type };
    return makeRemote(caller, "", { place, isPassed: true });
  }

  /**
   * Returns a proxy for an agent that the program has named. `route` is the
   * present route to the agent, if it is known. Calls of the proxy wait for up
   * to `retryForMs` while the agent is away.
   */
  named(
    { address, type }: Place,
    route: Route | null,
    retryForMs: number,
  ): object {
    const caller = route === null
      ? this.#shared(address, retryForMs)
      : this.#caller(address, { keepsRoute: true, retryForMs }, route);
    return makeRemote(caller, "", { place: { address, type } });
  }

  /**
   * Returns a caller for the agent at `address`, which remembers its route. It
   * is not tied to the lifetime of its proxies, so that garbage collection does
   * not decide whether an agent is searched for.
   */
  #shared(address: string, retryForMs: number): Caller {
    const key = `${retryForMs} ${address}`;
    const caller = this.#callers.get(key) ??
      this.#caller(address, { keepsRoute: true, retryForMs });
    // The least recently used caller is dropped first.
    this.#callers.delete(key);
    this.#callers.set(key, caller);
    const [oldest] = this.#callers.keys();
    if (this.#callers.size > MAX_CALLERS) this.#callers.delete(oldest!);
    return caller;
  }

  #caller(
    address: string,
    options: Omit<AgentCallerOptions, "timeoutMs">,
    route: Route | null = null,
  ): Caller {
    const { timeoutMs = Infinity } = this.#context.options;
    const finder = options.keepsRoute ? this.#named : this.#passed;
    return new AgentCaller(address, finder, { ...options, timeoutMs }, route);
  }

  openPath(path: string): object | null {
    const id = path.slice(PREFIX.length);
    if (!path.startsWith(PREFIX) || !isAgentId(id)) return null;
    // Agents have public addresses, and a path is equivalent to an address:
    // peers may name both, and calls use this container's own connection.
    const address = `${this.#context.address}/${id}`;
    const agent = this.#agents.get(id);
    const type = agent === undefined ? "Agent" : classNameOf(agent);
    return this.open({ address, type });
  }

  origin(isAwaited: boolean): CallOrigin | null {
    const origin = currentOrigin();
    // Only read `turns` if needed, since the getter creates a key.
    return origin &&
      { agent: origin.agent, turns: isAwaited ? origin.turns : [] };
  }

  targetOf(path: string): string | null {
    if (!path.startsWith(PREFIX)) return null;
    const slash = path.indexOf("/", PREFIX.length);
    return slash === -1 ? path : path.slice(0, slash);
  }

  actFor<T>({ turns }: CallOrigin, step: () => T): T {
    return actAs({ agent: null, turns }, step);
  }

  async #route(address: string, signal?: AbortSignal): Promise<Route> {
    const { access, address: own } = this.#context;
    const { container } = parsePlacedAddress(address, "call");
    const isAllowed = container === own ||
      await abortable(access.allows(address, container), signal);
    if (!isAllowed) {
      throw new ConnectError(
        `Cannot call the agent at '${address}': a peer named its address, and this container does not dial it, allow it by 'allowConnect'`,
        { address },
      );
    }
    return await this.#links.route(address, signal);
  }
}

/**
 * Finds routes for the calls of proxies, over the connections of a container.
 */
class ContainerRoutes implements RouteFinder {
  readonly #links: RouteSource;
  readonly #container: object;
  readonly #findRoute: FindRoute;

  constructor(links: RouteSource, container: object, findRoute: FindRoute) {
    this.#links = links;
    this.#container = container;
    this.#findRoute = findRoute;
  }

  get isEnding(): boolean {
    return this.#links.isEnding;
  }

  retries(address: string, retryForMs: number): WaitForAttempt {
    const { waits } = this.#links.finderOf(address) ?? {};
    return this.#links.retries(retryForMs, waits);
  }

  find(
    address: string,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<Route> {
    return timeoutMs === Infinity
      ? this.#findRoute(address, signal)
      : this.#findWithin(address, timeoutMs, signal);
  }

  /** Finds a route within the time limit of the call. */
  async #findWithin(
    address: string,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<Route> {
    const time = new Ending(() =>
      new TimeoutError(
        `Cannot call the agent at '${address}': it was not reached within ${timeoutMs} ms`,
        { timeoutMs, sent: false },
      )
    );
    const timer = new Timers(this.#container)
      .start("attempt", timeoutMs, () => time.end(), { keepsAlive: true });
    try {
      return await time.before(
        signal,
        (ending) => this.#findRoute(address, ending),
      );
    } finally {
      timer.stop();
    }
  }
}

function isAgent(
  target: object,
): target is AgentLike & { readonly container: object } {
  return alwaysService in target && "container" in target;
}
