import { ValidationError } from "../../rpc/errors.ts";
import { parseAgentAddress } from "../address.ts";
import type { Links } from "../links/_links.ts";
import { Turns } from "./_turns.ts";

/**
 * Checks that a caller owns the address that it registers. The directory
 * connects to that address, and asks there whether the registration was made by
 * its container. The addresses of one caller are checked one at a time.
 */
export class Proofs {
  readonly #links: Pick<Links, "confirms">;
  readonly #directory: string;
  readonly #turns = new Turns();
  /** The address last proven for each caller. */
  readonly #proven = new WeakMap<object, string>();

  /** `directory` is the public address of the directory. */
  constructor(links: Pick<Links, "confirms">, directory: string) {
    this.#links = links;
    this.#directory = directory;
  }

  /**
   * Resolves once it is proven that `caller` may make the registration with
   * this key. `caller` stands for a connection.
   *
   * @throws {ValidationError} If the caller may not make it.
   * @throws {ConnectError} If no container can be reached at the address.
   */
  check(
    address: string,
    key: string,
    caller: object,
    signal: AbortSignal,
  ): Promise<void> {
    const { container } = parseAgentAddress(address);
    return this.#turns.run(caller, signal, async () => {
      if (this.#proven.get(caller) === container) return;
      signal.throwIfAborted();
      const by = await this.#links
        .confirms(address, key, this.#directory, signal);
      if (by === null) {
        throw new ValidationError(
          `Cannot register '${address}': neither its container nor the agent confirms that this registration is its own, register it from its own container, use the directory by its own address '${this.#directory}', or permit it by 'trust'`,
        );
      }
      if (by === "container") this.#proven.set(caller, container);
    });
  }
}
