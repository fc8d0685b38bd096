import type { Authenticate } from "../../rpc/authenticate.ts";

/**
 * The credentials of spawned containers. A parent shows each of them the
 * credentials with which it was started, and nothing else. On the first
 * connection that the parent makes, it also takes these as the credentials of
 * the spawned container, which cannot show any there.
 */
export class Preauthorization {
  readonly #authenticate: Authenticate | undefined;
  /** The credentials at each address; usually one entry. */
  readonly #given = new Map<string, Set<{ readonly credentials: unknown }>>();
  readonly #admitted = new Set<string>();

  /** `authenticate` is the option of the container. */
  constructor(authenticate: Authenticate | undefined) {
    this.#authenticate = authenticate;
  }

  /**
   * Until it is disposed of, the container at `address` is shown `credentials`;
   * nothing if they are `undefined`.
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
   * Until it is disposed of, the peer that is dialled at `address` is taken for
   * the container spawned there. Dispose of it soon: another program may listen
   * at the address later.
   */
  admit(address: string): Disposable {
    this.#admitted.add(address);
    return { [Symbol.dispose]: () => void this.#admitted.delete(address) };
  }

  /** Returns whether a container was spawned at the address. */
  has(address: string): boolean {
    return this.#given.has(address);
  }

  /**
   * Returns the credentials to show to the container spawned at `address`. If
   * there are several, all but one of them failed to listen, so none is shown.
   */
  credentialsAt(address: string): unknown {
    const [entry, ...others] = this.#given.get(address) ?? [];
    return others.length === 0 ? entry?.credentials : undefined;
  }

  /** Returns the check of the peer that is dialled at `address`. */
  at(address: string): Authenticate | undefined {
    const authenticate = this.#authenticate;
    if (authenticate === undefined || !this.#admitted.has(address)) {
      return authenticate;
    }
    const credentials = this.credentialsAt(address);
    return (_, peer) => authenticate(credentials, peer);
  }
}
