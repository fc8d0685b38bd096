/** The most addresses that a container remembers. */
const MAX_ADDRESSES = 10_000;

/**
 * The addresses of containers that the program itself deals with: those that it
 * has named, has looked up, or has spawned. Addresses that peers name are
 * compared with them as a whole: another port of a known host is unknown. The
 * least recently used addresses are forgotten first.
 */
export class KnownAddresses {
  readonly #max: number;
  /** For each address, whether the program has named it. */
  readonly #named = new Map<string, boolean>();

  constructor(max: number = MAX_ADDRESSES) {
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

  /** Removes the address of a container that is gone. */
  forget(address: string): void {
    this.#named.delete(address);
  }

  /** Returns whether the program has named the address. */
  isNamed(address: string): boolean {
    return this.#named.get(address) ?? false;
  }

  /** Returns whether the address is known. */
  has(address: string): boolean {
    return this.#named.has(address);
  }

  #add(address: string, isNamed: boolean): void {
    this.#named.delete(address);
    this.#named.set(address, isNamed);
    if (this.#named.size <= this.#max) return;
    const [oldest] = this.#named.keys();
    this.#named.delete(oldest!);
  }
}
