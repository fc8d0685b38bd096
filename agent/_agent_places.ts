import { dirname } from "@std/path";
import type { CallOptions } from "../rpc/call_options.ts";
import type { Places } from "../rpc/_places.ts";
import {
  type Caller,
  makeRemote,
  type Place,
  type RemoteNode,
  remoteNode,
} from "../rpc/_remote_proxy.ts";
import { parseAddress } from "../transports/address.ts";
import { ConnectError } from "../transports/errors.ts";
import { parseAgentAddress } from "./address.ts";
import type { Resident } from "./container_contract.ts";

/** What {@linkcode AgentPlaces} need of their container. */
export interface AgentPlacesOptions {
  /** Whether something is an agent of this container that can be called. */
  readonly isOwn: (target: object) => boolean;
  /** Connects to an agent. */
  readonly connect: (
    address: string,
    options: { readonly signal?: AbortSignal | undefined },
  ) => Promise<unknown>;
  /** Whether an address that a peer has told may be dialled. */
  readonly allows: (address: string) => boolean;
}

/** How agents travel between containers: by their addresses. */
export class AgentPlaces implements Places {
  readonly #options: AgentPlacesOptions;

  constructor(options: AgentPlacesOptions) {
    this.#options = options;
  }

  placeOf(target: object): Place | null {
    if (!this.#options.isOwn(target)) return null;
    const { address } = target as Resident;
    return { address, type: target.constructor.name };
  }

  open(place: Place): object {
    const caller = new AgentCaller(place.address, this.#options);
    return makeRemote(caller, "", { place });
  }
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
    const { remoteAddress: address } = this;
    if (!this.#options.allows(address)) {
      throw new ConnectError(
        `Cannot call '${path}' of the agent at '${address}': a peer told its address, and this container does not dial it, allow it by 'allowConnect'`,
        address,
      );
    }
    const startedAt = performance.now();
    const { signal } = options;
    const node = remoteNode(await this.#options.connect(address, { signal }));
    const { caller, path: root } = node as RemoteNode;
    const timeoutMs = options.timeoutMs === undefined
      ? undefined
      : Math.max(0, options.timeoutMs - (performance.now() - startedAt));
    return await caller.call(`${root}/${path}`, args, {
      ...options,
      timeoutMs,
    });
  }

  // Nothing is held for a proxy that stands for an agent as such.
  keep(): void {}
  release(): void {}
}

/**
 * The hosts of TCP, folders of Unix sockets and the memory that a container
 * deals with anyway: what else peers tell of is not dialled.
 */
export class KnownHosts {
  readonly #hosts = new Set<string>();

  /** Adds the one of a container's address. */
  add(address: string): void {
    this.#hosts.add(hostOf(address));
  }

  /** Whether the container of an agent is on one of them. */
  has(agentAddress: string): boolean {
    return this.#hosts.has(hostOf(parseAgentAddress(agentAddress).container));
  }
}

function hostOf(address: string): string {
  const parsed = parseAddress(address);
  switch (parsed.scheme) {
    case "tcp":
      return `tcp://${parsed.host}`;
    case "ipc":
      return `ipc://[${dirname(parsed.path)}]`;
    case "local":
      return "local://";
  }
}
