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
import { alwaysService } from "../../rpc/service.ts";
import { ConnectError } from "../../transports/errors.ts";
import { parseAgentAddress } from "../address.ts";
import { isAgentId } from "../_agent_id.ts";
import { classNameOf } from "../_class_name.ts";
import type { Resident } from "../container_contract.ts";
import type { Route } from "./_link.ts";

/** What {@linkcode AgentPlaces} need of their container. */
export interface AgentPlacesOptions {
  /** The container. */
  readonly owner: object;
  /** The container's own address. */
  readonly address: () => string;
  /** The name of the class of an agent of this container, if it is there. */
  readonly typeOf: (id: string) => string | null;
  /** Finds out how to call an agent. */
  readonly route: (
    address: string,
    signal: AbortSignal | undefined,
  ) => Promise<Route>;
  /** Whether an address that a peer has told may be dialled. */
  readonly allows: (address: string) => boolean | Promise<boolean>;
  /** How long a call may take where nothing else is asked for. */
  readonly timeoutMs: number;
}

/** Paths of agents begin with it. */
const PREFIX = "agents/";

/** How agents travel between containers: by their addresses. */
export class AgentPlaces implements AddressResolver {
  readonly #options: AgentPlacesOptions;

  constructor(options: AgentPlacesOptions) {
    this.#options = options;
  }

  // Also where it is not started yet, or is closed by now: an agent may tell
  // others of itself at any time, and calls find out.
  placeOf(target: object): OwnPlace | null {
    if (!isAgent(target)) return null;
    const { address, id, container } = target;
    const isOwn = container === this.#options.owner;
    const path = isOwn ? PREFIX + id : null;
    return { address, type: classNameOf(target), path };
  }

  open({ address, type }: Place): object {
    const caller = new AgentCaller(address, this.#options);
    const place = { address, type };
    return makeRemote(caller, "", { place, isPassed: true });
  }

  openPath(path: string): object | null {
    const id = path.slice(PREFIX.length);
    if (!path.startsWith(PREFIX) || !isAgentId(id)) return null;
    // Agents have public addresses, and a path says the same as one: others may
    // name them, and calls go by this container's own connection.
    const address = `${this.#options.address()}/${id}`;
    return this.open({ address, type: this.#options.typeOf(id) ?? "Agent" });
  }
}

function isAgent(
  target: object,
): target is Resident & { readonly container: object } {
  return alwaysService in target && "container" in target;
}

/** Calls an agent of which only the address is known, and dials it for that. */
class AgentCaller implements Caller {
  readonly remoteAddress: string;
  readonly #options: AgentPlacesOptions;

  constructor(address: string, options: AgentPlacesOptions) {
    this.remoteAddress = address;
    this.#options = options;
  }

  async call(
    path: string,
    args: readonly unknown[],
    options: CallOptions,
  ): Promise<unknown> {
    const { timeoutMs = this.#options.timeoutMs } = options;
    const until = performance.now() + timeoutMs;
    const { caller, path: root } = await this.#reach(options, timeoutMs);
    return await caller.call(`${root}/${path}`, args, {
      ...options,
      timeoutMs: Math.max(0, until - performance.now()),
    });
  }

  async #checkAllowed(): Promise<void> {
    const { remoteAddress: address } = this;
    const { container } = parseAgentAddress(address);
    const isOwn = container === this.#options.address();
    // Async guards are waited for: a promise is no consent.
    if (isOwn || await this.#options.allows(address) === true) return;
    throw new ConnectError(
      `Cannot call the agent at '${address}': a peer told its address, and this container does not dial it, allow it by 'allowConnect'`,
      { address },
    );
  }

  async #route(signal: AbortSignal | undefined): Promise<Route> {
    await abortable(this.#checkAllowed(), signal);
    return await this.#options.route(this.remoteAddress, signal);
  }

  /** The time that a call has goes for the connection as well. */
  async #reach(
    { signal }: CallOptions,
    timeoutMs: number,
  ): Promise<Route> {
    const { remoteAddress: address } = this;
    if (timeoutMs === Infinity) return await this.#route(signal);
    const time = new Ending(() =>
      new TimeoutError(
        `Cannot call the agent at '${address}': it was not reached within ${timeoutMs} ms`,
        { timeoutMs, sent: false },
      )
    );
    const timeout = new Timers(this.#options.owner)
      .start("attempt", timeoutMs, () => time.end(), { keepsAlive: true });
    try {
      return await time.before(signal, (ending) => this.#route(ending));
    } finally {
      timeout.stop();
    }
  }

  // Nothing is held for a proxy that stands for an agent as such.
  keep(): void {}
  release(): void {}
}
