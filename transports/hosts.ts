/**
 * Which host a connection comes from, and who gives way where a table that all
 * hosts share is full.
 */

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

/**
 * The members of a table that all hosts share, by host. When the table is full,
 * the oldest member of the host with the most members gives way to a new one.
 * So a host that fills the table displaces only its own, and even there a
 * newcomer has time to get through.
 */
export class HostGroups<T> {
  readonly #groups = new Map<string, Set<T>>();
  #size = 0;

  /** How many members there are. */
  get size(): number {
    return this.#size;
  }

  /** Adds a member that comes from `host`. */
  add(host: string, member: T): void {
    const group = this.#groups.get(host);
    if (group === undefined) this.#groups.set(host, new Set([member]));
    else group.add(member);
    this.#size++;
  }

  /** Takes out a member of `host`, if it is in. */
  delete(host: string, member: T): void {
    const group = this.#groups.get(host);
    if (!group?.delete(member)) return;
    this.#size--;
    if (group.size === 0) this.#groups.delete(host);
  }

  /** Takes out the oldest member of `host`, or returns `undefined`. */
  takeOldestOf(host: string): T | undefined {
    const [oldest] = this.#groups.get(host) ?? [];
    if (oldest !== undefined) this.delete(host, oldest);
    return oldest;
  }

  /** Takes out the member that has to give way, or returns `undefined`. */
  takeOldestOfLargest(): T | undefined {
    let largest = "";
    let size = 0;
    for (const [host, group] of this.#groups) {
      if (group.size > size) [largest, size] = [host, group.size];
    }
    return this.takeOldestOf(largest);
  }
}
