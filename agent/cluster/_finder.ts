import type { BackoffOptions } from "../../channel/internal.ts";
import {
  ConnectionClosedError,
  ServerBusyError,
  TimeoutError,
} from "../../channel/errors.ts";
import { AgentNotFoundError } from "../../rpc/errors.ts";
import { withOptions } from "../../rpc/options.ts";
import type { Remote } from "../../rpc/remote.ts";
import { ConnectError } from "../../transports/errors.ts";
import type { AgentFinder } from "../links/_agent_finder.ts";
import type { Links } from "../links/_links.ts";
import type { Route } from "../links/_link.ts";
import { splitId } from "./_activations.ts";
import { DESK_ID, type NodeDesk } from "./_desk.ts";
import type { Member } from "./members.ts";
import { placeOf } from "./_placement.ts";

/** The most nodes to ask in one attempt. */
const MOST_ASKED = 4;

/** Finds virtual agents, which are placed on their first call. */
export class VirtualAgents implements AgentFinder {
  readonly retryForMs: number;
  /** Short waits: an agent moves quickly once its node is known to be gone. */
  readonly waits: BackoffOptions = { initialMs: 20, maxMs: 400 };
  readonly #links: Links;
  readonly #prefix: string;
  readonly #members: () => Iterable<Member>;
  readonly #deskMs: number;

  /**
   * `prefix` is the start of the agents' addresses. `members` returns the
   * present nodes, each of which has `deskMs` to answer.
   */
  constructor(
    links: Links,
    prefix: string,
    members: () => Iterable<Member>,
    { retryForMs, deskMs }: {
      readonly retryForMs: number;
      readonly deskMs: number;
    },
  ) {
    this.#links = links;
    this.#prefix = prefix;
    this.#members = members;
    this.retryForMs = retryForMs;
    this.#deskMs = deskMs;
  }

  async find(id: string, signal: AbortSignal | undefined): Promise<Route> {
    const [type, name] = splitId(id);
    const able = [...this.#members()].filter((it) =>
      !it.isDraining && it.offers.includes(type)
    );
    let address = placeOf(id, able, (it) => it.name)?.address;
    let why = `no node offers '${type}'`;
    for (let asked = 0; address !== undefined && asked < MOST_ASKED; asked++) {
      try {
        const located = await withOptions(deskAt(this.#links, address), {
          signal,
          timeoutMs: this.#deskMs,
        }).locate(id);
        if (located.at === "here") {
          const route = await this.#links.route(`${address}/${id}`, signal);
          return new MovableRoute(route);
        }
        why = located.at === "nowhere" ? located.why : "it is being moved";
        address = located.at === "node" ? located.address : undefined;
      } catch (error) {
        if (!isAway(error)) throw error;
        throw this.#notFound(type, name, `node at '${address}' is away`, error);
      }
    }
    throw this.#notFound(type, name, why);
  }

  #notFound(
    type: string,
    name: string,
    why: string,
    cause?: unknown,
  ): ConnectError {
    const address = `${this.#prefix}/${type}:${name}`;
    return new ConnectError(
      `Cannot reach the ${type} '${name}': ${why}`,
      { address, cause },
    );
  }
}

/** A route that is not used any more once its node is leaving. */
class MovableRoute implements Route {
  readonly caller: Route["caller"];
  readonly path: string;
  readonly #route: Route;

  constructor(route: Route) {
    this.caller = route.caller;
    this.path = route.path;
    this.#route = route;
  }

  get isOver(): boolean {
    return this.#route.isLeaving;
  }

  get isLeaving(): boolean {
    return this.#route.isLeaving;
  }
}

/** Returns the proxy for the desk of the node at `address`. */
export function deskAt(links: Links, address: string): Remote<NodeDesk> {
  return links.named(`${address}/${DESK_ID}`, "Node", 0) as Remote<NodeDesk>;
}

/**
 * Returns whether a node cannot be asked now, but another or a later one may
 * be.
 */
export function isAway(error: unknown): boolean {
  return error instanceof ConnectError ||
    error instanceof ConnectionClosedError ||
    error instanceof ServerBusyError ||
    error instanceof TimeoutError ||
    error instanceof AgentNotFoundError;
}
