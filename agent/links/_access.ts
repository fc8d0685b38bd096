import type { Authenticate } from "../../rpc/authenticate.ts";
import type { ContainerOptions } from "../container_options.ts";

/** The most addresses that a container remembers. */
const MAX_KNOWN = 10_000;

/** How a container is dialled. */
export interface Approach {
  /** Whether only a peer has named its address. */
  readonly isLearned: boolean;
  /** Whether this container shows its credentials there. */
  readonly showsCredentials: boolean;
}

/** A container that this one spawns. */
export interface ChildAccess {
  /** The credentials with which it is started. */
  readonly credentials: unknown;
  /**
   * Whether a peer at the child's address counts as the child without a proof.
   * Only for a short time: another program may listen there later.
   */
  isPreauthorized: boolean;
}

/**
 * Decides which addresses a container trusts, and which credentials it shows
 * and expects there.
 *
 * The program knows the addresses that it has named, has looked up or has
 * spawned. Addresses that peers name are compared with them as a whole: another
 * port of a known host is unknown.
 *
 * A child is shown the credentials with which it was started, and nothing else.
 * On the first connection that its parent makes, these are also taken as the
 * child's own, since it cannot show any there.
 */
export class Access {
  readonly #options: ContainerOptions;
  readonly #max: number;
  /** The known addresses, each with whether the program has named it. */
  readonly #known = new Map<string, boolean>();
  /** The containers that this one spawns, by their addresses. */
  readonly children: Map<string, ChildAccess> = new Map();

  constructor(options: ContainerOptions, max: number = MAX_KNOWN) {
    this.#options = options;
    this.#max = max;
  }

  /** Adds an address that the program has named. */
  name(address: string): void {
    this.#add(address, true);
  }

  /** Adds an address that was looked up for the program, as in a directory. */
  meet(address: string): void {
    this.#add(address, this.isNamed(address));
  }

  #add(address: string, isNamed: boolean): void {
    // The least recently used address is forgotten first.
    this.#known.delete(address);
    this.#known.set(address, isNamed);
    const [oldest] = this.#known.keys();
    if (this.#known.size > this.#max) this.#known.delete(oldest!);
  }

  /** Returns whether the address is known. */
  has(address: string): boolean {
    return this.#known.has(address);
  }

  /** Returns whether the program has named the address. */
  isNamed(address: string): boolean {
    return this.#known.get(address) ?? false;
  }

  /** Returns how to dial the container at `address`; `own` is this one's. */
  async approach(address: string, own: string): Promise<Approach> {
    const { credentials, credentialsFor } = this.#options;
    const isLearned = address !== own && !this.isNamed(address);
    const showsCredentials = !isLearned || credentials === undefined ||
      await credentialsFor?.(address) === true;
    return { isLearned, showsCredentials };
  }

  /**
   * Returns whether to dial the agent at `address`, in `container`, that a peer
   * has named.
   */
  async allows(address: string, container: string): Promise<boolean> {
    const { allowConnect } = this.#options;
    if (allowConnect === undefined) return this.has(container);
    // Awaited, as a promise is no consent.
    return await allowConnect(address) === true;
  }

  /** Removes a child, and forgets its address. */
  removeChild(address: string): void {
    this.children.delete(address);
    this.#known.delete(address);
  }

  /** Returns the credentials to show at `address`; `undefined` for none. */
  credentialsAt(address: string): unknown {
    const { credentials } = this.#options;
    const child = this.children.get(address);
    if (child !== undefined) return child.credentials;
    return typeof credentials === "function"
      ? () => credentials(address)
      : credentials;
  }

  /** Returns the check of the peer that is dialled at `address`. */
  authenticateAt(address: string): Authenticate | undefined {
    const { authenticate } = this.#options;
    const child = this.children.get(address);
    if (authenticate === undefined || !child?.isPreauthorized) {
      return authenticate;
    }
    return (_, peer) => authenticate(child.credentials, peer);
  }
}
