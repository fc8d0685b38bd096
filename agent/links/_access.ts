import type { Authenticate } from "../../rpc/authenticate.ts";
import type { ContainerOptions } from "../container_options.ts";

/** The most addresses that a container remembers. */
const MAX_KNOWN = 10_000;

/** How to connect to a container. */
export interface Approach {
  /** Whether only a peer has named the container's address. */
  readonly isLearned: boolean;
  /** Whether this container shows its credentials to the other one. */
  readonly showsCredentials: boolean;
}

/** A container that this one has spawned. */
export interface ChildAccess {
  /** The credentials with which the child was started. */
  readonly credentials: unknown;
  /**
   * Whether a peer at the child's address counts as the child without proof.
   * Only true for a short time: another program may listen there later.
   */
  isPreauthorized: boolean;
}

/**
 * Decides which addresses a container trusts, and which credentials it shows
 * and expects there.
 *
 * Known addresses are those that the program has named, looked up or spawned.
 * An address named by a peer must match a known address exactly: another port
 * of a known host is unknown.
 *
 * A child is shown only the credentials with which it was started. On the first
 * connection from the parent, these also count as the child's own credentials,
 * since the child cannot show any there.
 */
export class Access {
  readonly #options: ContainerOptions;
  readonly #max: number;
  /**
   * The known addresses. The value is true if the program has named the
   * address.
   */
  readonly #known = new Map<string, boolean>();
  /** The spawned containers, by address. */
  readonly children: Map<string, ChildAccess> = new Map();

  constructor(options: ContainerOptions, max: number = MAX_KNOWN) {
    this.#options = options;
    this.#max = max;
  }

  /** Adds an address that the program has named. */
  name(address: string): void {
    this.#add(address, true);
  }

  /**
   * Adds an address that was looked up for the program, for example in a
   * directory.
   */
  meet(address: string): void {
    this.#add(address, this.isNamed(address));
  }

  #add(address: string, isNamed: boolean): void {
    // The least recently used address is dropped first.
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

  /**
   * Returns how to connect to the container at `address`. `own` is the address
   * of this container.
   */
  async approach(address: string, own: string): Promise<Approach> {
    const { credentials, credentialsFor } = this.#options;
    const isLearned = address !== own && !this.isNamed(address);
    const showsCredentials = !isLearned || credentials === undefined ||
      await credentialsFor?.(address) === true;
    return { isLearned, showsCredentials };
  }

  /**
   * Returns whether to connect to the agent at `address`, in `container`, whose
   * address came from a peer.
   */
  async allows(address: string, container: string): Promise<boolean> {
    const { allowConnect } = this.#options;
    if (allowConnect === undefined) return this.has(container);
    // Awaited first: a promise itself is not consent.
    return await allowConnect(address) === true;
  }

  /** Removes a child and its address. */
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

  /** Returns the function that authenticates the peer at `address`. */
  authenticateAt(address: string): Authenticate | undefined {
    const { authenticate } = this.#options;
    const child = this.children.get(address);
    if (authenticate === undefined || !child?.isPreauthorized) {
      return authenticate;
    }
    return (_, peer) => authenticate(child.credentials, peer);
  }
}
