/** How many connections each host has to one server. */
export class Hosts {
  readonly #most: number;
  readonly #counts = new Map<string, number>();

  /** Lets in `most` from each. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Counts one more from `address`, or returns `false` if that is too much. */
  enter(address: string): boolean {
    const host = hostOf(address);
    const count = this.#counts.get(host) ?? 0;
    if (count >= this.#most) return false;
    this.#counts.set(host, count + 1);
    return true;
  }

  /** One from `address` is gone. */
  leave(address: string): void {
    const host = hostOf(address);
    const left = this.#counts.get(host)! - 1;
    if (left > 0) this.#counts.set(host, left);
    else this.#counts.delete(host);
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
