import type { Authenticate } from "../../rpc/authenticate.ts";
import type { ContainerContext } from "../_container_context.ts";
import { KnownAddresses } from "./_known_addresses.ts";
import { Preauthorization } from "./_preauthorization.ts";

/** How a container is dialled. */
export interface Approach {
  /** Whether only a peer has named its address. */
  readonly isLearned: boolean;
  /** Whether this container shows its credentials there. */
  readonly showsCredentials: boolean;
}

/** The approach to a container that the program has named. */
export const NAMED: Approach = { isLearned: false, showsCredentials: true };

/** Decides which addresses a container trusts, and what it shows there. */
export class Access {
  readonly known: KnownAddresses = new KnownAddresses();
  readonly preauthorization: Preauthorization;
  readonly #context: ContainerContext;

  constructor(context: ContainerContext) {
    this.#context = context;
    this.preauthorization = new Preauthorization(context.options.authenticate);
  }

  /** Returns how to dial a container whose address a peer may have named. */
  async approach(address: string): Promise<Approach> {
    const { credentials, credentialsFor } = this.#context.options;
    const isLearned = address !== this.#context.address &&
      !this.known.isNamed(address);
    const showsCredentials = !isLearned || credentials === undefined ||
      await credentialsFor?.(address) === true;
    return { isLearned, showsCredentials };
  }

  /** Returns whether an agent whose address a peer has named may be dialled. */
  async allows(address: string, container: string): Promise<boolean> {
    if (container === this.#context.address) return true;
    const { allowConnect } = this.#context.options;
    if (allowConnect === undefined) return this.known.has(container);
    // Awaited, as a promise is no consent.
    return await allowConnect(address) === true;
  }

  /** Returns the credentials to show at `address`; `undefined` for none. */
  credentialsAt(address: string): unknown {
    if (this.preauthorization.has(address)) {
      return this.preauthorization.credentialsAt(address);
    }
    const { credentials } = this.#context.options;
    return typeof credentials === "function"
      ? () => credentials(address)
      : credentials;
  }

  /** Returns the check of the peer that is dialled at `address`. */
  authenticateAt(address: string): Authenticate | undefined {
    return this.preauthorization.at(address);
  }

  /**
   * Until it is disposed of, the spawned container at `address` is shown
   * `credentials`, with which it was started.
   */
  spawned(address: string, credentials: unknown): Disposable {
    const given = this.preauthorization.spawned(address, credentials);
    return {
      [Symbol.dispose]: () => {
        given[Symbol.dispose]();
        if (!this.preauthorization.has(address)) this.known.forget(address);
      },
    };
  }
}
