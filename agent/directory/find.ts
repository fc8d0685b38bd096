import { guardedOnError, type OnError } from "../../channel/report.ts";
import { AgentNotFoundError } from "../../rpc/errors.ts";
import { withOptions } from "../../rpc/options.ts";
import type { Remote } from "../../rpc/remote.ts";
import { ConnectError } from "../../transports/errors.ts";
import { internalsOf } from "../_container_internals.ts";
import { parseAgentAddress } from "../address.ts";
import { addressOf } from "../address_of.ts";
import type { Container } from "../container.ts";
import { Checks } from "./_checks.ts";
import type {
  DirectoryClient,
  FindDirectoryOptions,
  LookUpOptions,
  RegisteredAgent,
  RegisterOptions,
  Registration,
  SubscribeOptions,
} from "./client.ts";
import type { Directory } from "./directory.ts";
import {
  DIRECTORY_PAGE_SIZE,
  type DirectoryChange,
  type DirectoryEntry,
} from "./entry.ts";
import { KeptRegistration } from "./_kept_registration.ts";

/** The number of entries at which a look-up without `limit` is given up. */
const MAX_FOUND = 1_000_000;

/** The limits of a directory bound its answers, and are not known here. */
const NO_LIMITS = { maxProperties: Infinity, maxTextLength: Infinity };

/**
 * Connects a container to the directory at `address`, which may be one of its
 * own agents.
 *
 * ```ts
 * import { Agent, Container } from "@denomas/denomas/agent";
 * import { Directory, findDirectory } from "@denomas/denomas/directory";
 * import { expose } from "@denomas/denomas/rpc";
 * import { assertEquals } from "@std/assert";
 *
 * class Bidder extends Agent {
 *   @expose
 *   bid(price: number): number {
 *     return price + 1;
 *   }
 * }
 *
 * await using container = await Container.create("local://market");
 * const { address } = await container.spawn(Directory);
 * const directory = await findDirectory(container, address);
 *
 * const bidder = await container.spawn(Bidder);
 * const properties = { region: "north" };
 * await directory.register(bidder, { type: "bidder", properties });
 *
 * const match = { region: ["north", "west"] };
 * const [found] = await directory.connect<Bidder>({ type: "bidder", match });
 * assertEquals(await found?.bid(8), 9);
 * ```
 *
 * @throws {ConnectError} If its container cannot be reached, within
 * `retryForMs`.
 * @throws {AuthenticationError} If its container refuses this one.
 * @throws {AgentNotFoundError} If it is not there, within `retryForMs`.
 * @throws {ContainerClosedError} If this container is closed.
 * @throws {TypeError} If the address has no known form.
 */
export async function findDirectory(
  container: Container,
  address: string,
  options: FindDirectoryOptions = {},
): Promise<DirectoryClient> {
  const { onError, ...connecting } = options;
  await container.connect(address, connecting);
  return new ContainerClient(container, address, guardedOnError(onError));
}

class ContainerClient implements DirectoryClient {
  readonly address: string;
  readonly #container: Container;
  readonly #onError: OnError;
  readonly #checks: Checks;
  readonly #registrations = new Set<KeptRegistration>();

  constructor(container: Container, address: string, onError: OnError) {
    this.address = address;
    this.#container = container;
    this.#onError = onError;
    const act = `Cannot use an answer of the directory '${address}'`;
    this.#checks = new Checks(act, NO_LIMITS);
    container.closed.then(() => {
      for (const registration of this.#registrations) registration.end();
    });
  }

  /** Returns the same proxy as before, unless the connection was lost. */
  #connect(signal?: AbortSignal): Promise<Remote<Directory>> {
    return this.#container.connect<Directory>(this.address, { signal });
  }

  async register<T>(
    agent: RegisteredAgent | Remote<T>,
    options: RegisterOptions,
  ): Promise<Registration> {
    // A proxy seems to have every property.
    const registered = typeof agent === "function"
      ? { address: addressOf(agent) }
      : agent as RegisteredAgent;
    const registration = new KeptRegistration(registered, options, {
      container: this.#container,
      directory: this.address,
      connect: (signal) => this.#connect(signal),
      onError: this.#onError,
    });
    this.#registrations.add(registration);
    registration.ended.then(() => this.#registrations.delete(registration));
    await registration.first;
    return registration;
  }

  async lookUp(
    { limit, ...query }: LookUpOptions = {},
  ): Promise<DirectoryEntry[]> {
    const directory = await this.#connect();
    const most = limit ?? MAX_FOUND;
    const found: DirectoryEntry[] = [];
    while (found.length < most) {
      const wanted = Math.min(most - found.length, DIRECTORY_PAGE_SIZE);
      const after = found.at(-1)?.id ?? 0;
      const told: unknown = await directory.lookUp({
        ...query,
        limit: wanted,
        after,
      });
      const page = this.#checks.entries(told, after, wanted);
      found.push(...page);
      if (page.length < wanted) return found;
    }
    if (limit !== undefined) return found;
    throw new RangeError(
      `Cannot look up: the directory '${this.address}' has ${MAX_FOUND} entries or more, set 'limit'`,
    );
  }

  async connect<T>(query: LookUpOptions = {}): Promise<Remote<T>[]> {
    const entries = await this.lookUp(query);
    const remotes = await Promise.all(
      entries.map(({ address }) => this.#reach<T>(address)),
    );
    return remotes.filter((it) => it !== null);
  }

  async connectOne<T>(query: LookUpOptions = {}): Promise<Remote<T>> {
    for (const { address } of await this.lookUp(query)) {
      const remote = await this.#reach<T>(address);
      if (remote !== null) return remote;
    }
    throw new AgentNotFoundError(
      `Cannot connect to an agent of type '${
        query.type ?? "any"
      }': the directory '${this.address}' has none that fits, wait for one by 'subscribe'`,
    );
  }

  /** Connects to an agent; returns `null` if it is gone by now. */
  async #reach<T>(address: string): Promise<Remote<T> | null> {
    try {
      const { access, links } = internalsOf(this.#container);
      const remote = await links.agent(address) as Remote<T>;
      access.meet(parseAgentAddress(address).container);
      return remote;
    } catch (error) {
      const isGone = error instanceof ConnectError ||
        error instanceof AgentNotFoundError;
      if (isGone) return null;
      throw error;
    }
  }

  async *subscribe(
    { signal, ...query }: SubscribeOptions = {},
  ): AsyncGenerator<DirectoryChange> {
    const directory = await this.#connect(signal);
    const changes: AsyncIterable<unknown> = await withOptions(directory, {
      signal,
    }).subscribe(query);
    for await (const told of changes) {
      yield this.#checks.change(told);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#registrations].map((it) => it.close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
