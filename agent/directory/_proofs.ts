import { parseAgentAddress } from "../address.ts";
import type { Link } from "../links/_link.ts";
import type { LinkLease } from "../links/_links.ts";
import { ServerBusyError } from "../../channel/errors.ts";
import { ValidationError } from "../../rpc/errors.ts";
import type { FullRegistration } from "./_entries.ts";

/** The number of containers to which a directory connects for one caller. */
const MAX_DIALS = 64;

/** Opens a connection to the container at an address. */
export type OpenLink = (
  container: string,
  signal: AbortSignal,
) => Promise<LinkLease>;

/**
 * Checks that a caller owns the address that it registers: the directory
 * connects to that address, and asks there whether the registration was made
 * from there. A proof holds for the two connections on which it was made.
 */
export class Proofs {
  readonly #open: OpenLink;
  readonly #directory: string;
  /** The callers that are the container at the other end of a link. */
  readonly #proven = new WeakMap<Link, WeakSet<object>>();
  /** The number of checks in progress for each caller, by container. */
  readonly #pending = new WeakMap<object, Map<string, number>>();

  /** `directory` is the public address of the directory. */
  constructor(open: OpenLink, directory: string) {
    this.#open = open;
    this.#directory = directory;
  }

  /**
   * Resolves when it is proven that `caller` may register this. The result
   * keeps the connection open on which it was proven.
   *
   * @throws {ValidationError} If it may not.
   * @throws {ServerBusyError} If too many of its registrations are checked.
   * @throws {ConnectError} If no container can be reached at the address.
   */
  async check(
    { address, key }: FullRegistration,
    caller: object,
    signal: AbortSignal,
  ): Promise<Disposable> {
    const { container, id } = parseAgentAddress(address);
    using _pending = this.#begin(caller, container);
    let lease: LinkLease | null = null;
    try {
      lease = await this.#open(container, signal);
      if (this.#proven.get(lease.link)?.has(caller)) return lease;
      const by = await lease.ask((link) =>
        link.confirms(key, this.#directory, id, signal)
      );
      if (by === null) {
        throw new ValidationError(
          `Cannot register '${address}': neither its container nor the agent confirms that this registration is its own, register it from its own container, use the directory by its own address '${this.#directory}', or permit it by 'trust'`,
        );
      }
      if (by === "container") {
        const proven = this.#proven.get(lease.link) ?? new WeakSet();
        this.#proven.set(lease.link, proven.add(caller));
      }
      return lease;
    } catch (error) {
      lease?.[Symbol.dispose]();
      throw error;
    }
  }

  /** Counts a check until it is disposed of. */
  #begin(caller: object, container: string): Disposable {
    const pending = this.#pending.get(caller) ?? new Map<string, number>();
    this.#pending.set(caller, pending);
    const count = pending.get(container) ?? 0;
    if (count === 0 && pending.size >= MAX_DIALS) {
      throw new ServerBusyError(
        `Cannot register: the directory is connecting to ${MAX_DIALS} containers for this one already, try again later`,
      );
    }
    pending.set(container, count + 1);
    return {
      [Symbol.dispose]() {
        const left = pending.get(container)! - 1;
        if (left > 0) pending.set(container, left);
        else pending.delete(container);
      },
    };
  }
}
