/**
 * The hosts of connections, and a fair choice of the member to remove from a
 * full table that all hosts share.
 */

/** A scheme, a host with or without brackets, and a port. */
const HOST_AND_PORT = /^[^:/]+:\/\/\[?([^[\]/]*?)\]?:\d+$/;

/** An IPv4 address in IPv6 form. */
const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** The groups of an IPv6 address that name a network, usually of one owner. */
const NETWORK_GROUPS = 4;

/**
 * Returns the host of a remote address: the name or IPv4 address, or the
 * network of an IPv6 address, since its owner has any number of addresses in
 * it. Returns `""` for addresses without a port, which belong to this machine.
 */
export function hostOf(address: string): string {
  const host = HOST_AND_PORT.exec(address)?.[1] ?? "";
  const ipv4 = MAPPED_IPV4.exec(host)?.[1];
  if (ipv4 !== undefined) return ipv4;
  return host.includes(":") ? networkOf(host) : host;
}

function networkOf(host: string): string {
  const [address = ""] = host.split("%");
  return ipv6Groups(address).slice(0, NETWORK_GROUPS).join(":");
}

/**
 * Returns the eight groups of an IPv6 address in their shortest form. Returns
 * any other text as the only item.
 */
export function ipv6Groups(address: string): string[] {
  // A URL has no leading zeros, and no decimal IPv4 part at its end.
  const hostname = URL.parse(`http://[${address}]`)?.hostname;
  if (hostname === undefined) return [address];
  const [head = [], tail = []] = hostname.slice(1, -1).split("::")
    .map((half) => half.split(":").filter((group) => group !== ""));
  const zeros = Array(8 - head.length - tail.length).fill("0");
  return [...head, ...zeros, ...tail];
}

/**
 * The members of a table that all hosts share, by host. To make room in a full
 * table, the oldest member of the host with the most members is removed. So a
 * host that fills the table displaces only its own members, and a new member
 * has time to get through.
 */
export class HostGroups<T> {
  readonly #groups = new Map<string, Set<T>>();

  /** Adds a member of `host`. */
  add(host: string, member: T): void {
    const group = this.#groups.get(host);
    if (group === undefined) this.#groups.set(host, new Set([member]));
    else group.add(member);
  }

  /** Removes a member of `host`, if it is there. */
  delete(host: string, member: T): void {
    const group = this.#groups.get(host);
    group?.delete(member);
    if (group?.size === 0) this.#groups.delete(host);
  }

  /** Removes and returns the oldest member of `host`, if there is one. */
  takeOldestOf(host: string): T | undefined {
    const [oldest] = this.#groups.get(host) ?? [];
    if (oldest !== undefined) this.delete(host, oldest);
    return oldest;
  }

  /**
   * Removes and returns the oldest member of the host with the most members.
   */
  takeOldestOfLargest(): T | undefined {
    let largest = "";
    let size = 0;
    for (const [host, group] of this.#groups) {
      if (group.size > size) [largest, size] = [host, group.size];
    }
    return this.takeOldestOf(largest);
  }
}
