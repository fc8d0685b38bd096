import { abortable, Ending, Timers } from "../../channel/internal.ts";
import { TimeoutError } from "../../channel/errors.ts";
import type { CallOptions } from "../../rpc/call.ts";
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
import { world } from "../../transports/internal.ts";
import type { ContainerContext } from "../_container_context.ts";
import { classNameOf, isAgentId, parseAgentAddress } from "../address.ts";
import type { AgentLike } from "../agent_options.ts";
import { actAs, currentOrigin } from "../messages/_acting.ts";
import type { Route } from "./_link.ts";

/** The begin of the paths of agents. */
const PREFIX = "agents/";

/** Finds how to call the agent at an address. */
type FindRoute = (address: string, signal?: AbortSignal) => Promise<Route>;

/** Passes agents between containers, by their addresses. */
export class AgentAddresses implements AddressResolver {
  readonly #context: ContainerContext;
  readonly #agents: Router<AgentLike>;
  readonly #findRoute: FindRoute;

  /** `agents` are those of the container. */
  constructor(
    context: ContainerContext,
    agents: Router<AgentLike>,
    findRoute: FindRoute,
  ) {
    this.#context = context;
    this.#agents = agents;
    this.#findRoute = findRoute;
  }

  // Also for an agent that has not started or is closed: it may pass itself at
  // any time, and calls find out.
  placeOf(target: object): OwnPlace | null {
    if (!isAgent(target)) return null;
    const { address, id, container } = target;
    const isOwn = container === this.#context.container;
    const path = isOwn ? PREFIX + id : null;
    return { address, type: classNameOf(target), path };
  }

  open({ address, type }: Place): object {
    const caller: Caller = {
      remoteAddress: address,
      call: (...call) => this.#call(address, ...call),
    };
    const place = { address, type };
    return makeRemote(caller, "", { place, isPassed: true });
  }

  openPath(path: string): object | null {
    const id = path.slice(PREFIX.length);
    if (!path.startsWith(PREFIX) || !isAgentId(id)) return null;
    // Agents have public addresses, and a path means the same as an address:
    // others may name them, and calls use this container's own connection.
    const address = `${this.#context.address}/${id}`;
    const agent = this.#agents.get(id);
    const type = agent === undefined ? "Agent" : classNameOf(agent);
    return this.open({ address, type });
  }

  origin(isAwaited: boolean): CallOrigin | null {
    const origin = currentOrigin();
    // Turns are read here, since that makes the key of one.
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

  /** Calls an agent of which only the address is known; connects if needed. */
  async #call(
    address: string,
    path: string,
    args: readonly unknown[],
    options: CallOptions,
  ): Promise<unknown> {
    const { timeoutMs = this.#context.options.timeoutMs ?? Infinity } = options;
    const until = world.now() + timeoutMs;
    const route = timeoutMs === Infinity
      ? await this.#route(address, options.signal)
      : await this.#routeWithin(address, timeoutMs, options.signal);
    return await route.caller.call(`${route.path}/${path}`, args, {
      ...options,
      timeoutMs: Math.max(0, until - world.now()),
    });
  }

  /** Finds the route; the time of the call includes this. */
  async #routeWithin(
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
    const { container } = this.#context;
    const timer = new Timers(container)
      .start("attempt", timeoutMs, () => time.end(), { keepsAlive: true });
    try {
      return await time.before(
        signal,
        (ending) => this.#route(address, ending),
      );
    } finally {
      timer.stop();
    }
  }

  async #route(address: string, signal?: AbortSignal): Promise<Route> {
    const { access, address: own } = this.#context;
    const { container } = parseAgentAddress(address);
    const isAllowed = container === own ||
      await abortable(access.allows(address, container), signal);
    if (!isAllowed) {
      throw new ConnectError(
        `Cannot call the agent at '${address}': a peer named its address, and this container does not dial it, allow it by 'allowConnect'`,
        { address },
      );
    }
    return await this.#findRoute(address, signal);
  }
}

function isAgent(
  target: object,
): target is AgentLike & { readonly container: object } {
  return alwaysService in target && "container" in target;
}
