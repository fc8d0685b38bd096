import type { Authenticate } from "../../rpc/authenticate.ts";

/**
 * What is agreed with the containers that a container has spawned: what each of
 * them was given as credentials. That is what it is shown in turn, and nothing
 * else; and it is taken as shown by the spawned one on the connection that its
 * parent makes, where it has nothing to show by itself.
 */
export class Preauthorization {
  readonly #authenticate: Authenticate | undefined;
  /** What the containers at each address were given; it is one, as a rule. */
  readonly #given = new Map<string, Set<{ readonly credentials: unknown }>>();
  readonly #admitted = new Set<string>();

  /** `authenticate` tells who a peer is, if anything does. */
  constructor(authenticate: Authenticate | undefined) {
    this.#authenticate = authenticate;
  }

  /**
   * Until it is disposed of, whoever is reached at `address` is shown
   * `credentials`, and nothing if they are `undefined`.
   */
  spawned(address: string, credentials: unknown): Disposable {
    const entry = { credentials };
    const entries = this.#given.get(address) ?? new Set();
    this.#given.set(address, entries.add(entry));
    return {
      [Symbol.dispose]: () => {
        entries.delete(entry);
        if (entries.size === 0) this.#given.delete(address);
      },
    };
  }

  /**
   * Until it is disposed of, whoever is reached at `address` is taken to have
   * shown what was given to the container spawned there. No longer than that
   * must be: somebody else may listen there later.
   */
  admit(address: string): Disposable {
    this.#admitted.add(address);
    return { [Symbol.dispose]: () => void this.#admitted.delete(address) };
  }

  /** Whether a container was spawned at this address. */
  has(address: string): boolean {
    return this.#given.has(address);
  }

  /**
   * What is shown at `address`, where a container was spawned: nothing if there
   * are several, of which one is in vain.
   */
  credentialsAt(address: string): unknown {
    const [entry, ...others] = this.#given.get(address) ?? [];
    return others.length === 0 ? entry?.credentials : undefined;
  }

  /** What tells who the peer is that is being reached at `address`. */
  at(address: string): Authenticate | undefined {
    const authenticate = this.#authenticate;
    if (authenticate === undefined || !this.#admitted.has(address)) {
      return authenticate;
    }
    const credentials = this.credentialsAt(address);
    return (_, peer) => authenticate(credentials, peer);
  }
}
