import { type Budget, hostBudget } from "./budget.ts";

/** One host that has connections to a server. */
export interface Host {
  /** What all of its connections hold together. */
  readonly budget: Budget;
  /** How many connections it has. */
  connections: number;
}

/** The hosts that have connections to one server. */
export class Hosts {
  readonly #most: number;
  readonly #budget: Budget;
  readonly #hosts = new Map<string, Host>();

  /** Lets in `most` from each; what they hold counts towards `budget`. */
  constructor(most: number, budget: Budget) {
    this.#most = most;
    this.#budget = budget;
  }

  /** Counts one more from `address`, or returns `null` if that is too much. */
  enter(address: string): Host | null {
    const name = hostOf(address);
    let host = this.#hosts.get(name);
    if (host === undefined) {
      host = { budget: hostBudget(this.#budget), connections: 0 };
      this.#hosts.set(name, host);
    }
    if (host.connections >= this.#most) return null;
    host.connections++;
    return host;
  }

  /** One from `address` is gone. */
  leave(address: string): void {
    const name = hostOf(address);
    const host = this.#hosts.get(name)!;
    host.connections--;
    if (host.connections === 0) this.#hosts.delete(name);
  }
}

/** A scheme, a host that may stand in brackets, and a port. */
const HOST_AND_PORT = /^[^:/]+:\/\/\[?([^[\]/]*?)\]?:\d+$/;

/** An IPv4 address in the form of IPv6. */
const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** So many groups of an IPv6 address name a network, of one owner as a rule. */
const NETWORK_GROUPS = 4;

/**
 * What counts as the host of a remote address: the IPv4 address, the first
 * half of an IPv6 address, which alone costs its owner something, or `""` for
 * all addresses of this machine that are no IP addresses.
 */
export function hostOf(address: string): string {
  const host = HOST_AND_PORT.exec(address)?.[1] ?? "";
  const ipv4 = MAPPED_IPV4.exec(host)?.[1];
  if (ipv4 !== undefined) return ipv4;
  return host.includes(":") ? networkOf(host) : host;
}

function networkOf(host: string): string {
  const [address = ""] = host.split("%");
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const rest = tail === "" ? 0 : tail.split(":").length;
    while (groups.length + rest < 8) groups.push("0");
    groups.push(...tail.split(":"));
  }
  return groups.slice(0, NETWORK_GROUPS)
    .map((group) => parseInt(group, 16).toString(16))
    .join(":");
}
