import type { Authenticate } from "../rpc/authenticate.ts";

/**
 * For whom a container vouches: what it has spawned shows nothing by the
 * connection that was made to it, and is known all the same.
 */
export class Vouching {
  readonly #authenticate: Authenticate | undefined;
  readonly #credentials = new Map<string, unknown>();

  /** `authenticate` tells who a peer is, if anything does. */
  constructor(authenticate: Authenticate | undefined) {
    this.#authenticate = authenticate;
  }

  /**
   * Until it is disposed of, who is reached at `address` is taken to have shown
   * `credentials`. The address must be known to be theirs, and no longer than
   * that: another may listen there later.
   */
  add(address: string, credentials: unknown): Disposable {
    this.#credentials.set(address, credentials);
    return {
      [Symbol.dispose]: () => void this.#credentials.delete(address),
    };
  }

  /** What tells who the peer is that is being reached at `address`. */
  at(address: string): Authenticate | undefined {
    const authenticate = this.#authenticate;
    if (authenticate === undefined || !this.#credentials.has(address)) {
      return authenticate;
    }
    const credentials = this.#credentials.get(address);
    return (_, peer) => authenticate(credentials, peer);
  }
}
