import { parseAgentAddress } from "../address.ts";

/** How many addresses a container remembers. */
const MAX_ADDRESSES = 10_000;

/**
 * The addresses of containers that a container deals with by itself: its own,
 * those that its program has named, and those that it has spawned. What peers
 * tell is compared with them as a whole: another port of a known host is a
 * stranger. When there are too many, those not used for longest are forgotten.
 */
export class KnownAddresses {
  readonly #max: number;
  /** For each address, whether the program has named it. */
  readonly #named = new Map<string, boolean>();

  constructor(max: number = MAX_ADDRESSES) {
    this.#max = max;
  }

  /** Adds the address of a container that the program has named. */
  name(address: string): void {
    this.#add(address, true);
  }

  /** Adds one that was only looked up for the program, as in a directory. */
  meet(address: string): void {
    this.#add(address, this.isNamed(address));
  }

  /** Forgets the address of a container that is gone. */
  forget(address: string): void {
    this.#named.delete(address);
  }

  /** Whether the program has named this address of a container. */
  isNamed(address: string): boolean {
    return this.#named.get(address) ?? false;
  }

  /** Whether the container of the agent at `agentAddress` is known. */
  hasAgent(agentAddress: string): boolean {
    return this.#named.has(parseAgentAddress(agentAddress).container);
  }

  #add(address: string, isNamed: boolean): void {
    this.#named.delete(address);
    this.#named.set(address, isNamed);
    if (this.#named.size <= this.#max) return;
    const [oldest] = this.#named.keys();
    this.#named.delete(oldest!);
  }
}
