import { checkRange } from "../../channel/internal.ts";
import type { OnError } from "../../channel/report.ts";
import { AgentNotFoundError, MethodNotFoundError } from "../../rpc/errors.ts";
import { makeRemote, remoteNode } from "../../rpc/internal.ts";
import { withOptions } from "../../rpc/options.ts";
import type { Remote } from "../../rpc/remote.ts";
import { ConnectError } from "../../transports/errors.ts";
import { internalsOf } from "../_container_internals.ts";
import { addressOf, parseAgentAddress } from "../address.ts";
import type { Container } from "../container.ts";
import type { ConnectOptions } from "../container_options.ts";
import * as checks from "./_checks.ts";
import { DirectoryConnection } from "./_connection.ts";
import type { Directory } from "./directory.ts";
import { RefCaller } from "./_ref_caller.ts";
import {
  DIRECTORY_PAGE_SIZE,
  type DirectoryChange,
  type DirectoryEntry,
  type DirectoryQuery,
} from "./entry.ts";
import {
  type RegisteredAgent,
  type RegisterOptions,
  Registration,
} from "./registration.ts";

/** A look-up without `limit` fails when it reaches this number of entries. */
const MAX_FOUND = 1_000_000;

/** The beginning of the message for an invalid query. */
const BAD_QUERY = "Cannot use the query";

/** Options for `findDirectory`. */
export interface FindDirectoryOptions extends ConnectOptions {
  /**
   * Called with errors when an agent is registered again, except when the
   * directory is away. The registration is then retried.
   *
   * @default One line on stderr.
   */
  readonly onError?: OnError | undefined;
}

/** Options for `DirectoryClient.lookUp`. */
export interface LookUpOptions extends DirectoryQuery {
  /**
   * The most entries to return.
   *
   * @default {all of them; a million or more are a `RangeError`}
   */
  readonly limit?: number | undefined;
}

/** Options for `DirectoryClient.subscribe`. */
export interface SubscribeOptions extends DirectoryQuery {
  /** Ends the subscription: the loop throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A container's access to a directory. It owns its registrations. Made by
 * `findDirectory`.
 */
export class DirectoryClient implements AsyncDisposable {
  /** The address of the directory. */
  readonly address: string;
  readonly #connection: DirectoryConnection;
  readonly #registrations = new Set<Registration>();

  /** Made by `findDirectory`. */
  constructor(connection: DirectoryConnection) {
    this.address = connection.address;
    this.#connection = connection;
    connection.container.closed.then(() => {
      for (const registration of this.#registrations) registration.end();
    });
  }

  get #answer(): string {
    return `Cannot use an answer of the directory '${this.address}'`;
  }

  /**
   * Registers an agent, or the agent behind a proxy, until its signal aborts.
   * The agent must belong to this container, unless the directory trusts this
   * container. Resolves when the directory has stored the entry; others can see
   * the entry once the agent has started. While the directory is away, waits
   * for it.
   *
   * @throws {ValidationError} If the type or the properties are invalid, the
   * directory does not allow the address, or the agent's container does not
   * confirm it.
   * @throws {ServerBusyError} If this container, or its host, makes the
   * directory hold too much memory.
   * @throws {RemoteError} If the directory cannot reach the agent's container.
   * @throws {unknown} The reason of the agent's signal, if the signal aborts
   * first.
   */
  async register<T>(
    agent: RegisteredAgent | Remote<T>,
    options: RegisterOptions,
  ): Promise<Registration> {
    // A proxy seems to have every property.
    const registered = typeof agent === "function"
      ? { address: addressOf(agent) }
      : agent as RegisteredAgent;
    const registration = new Registration(
      registered,
      checks.checked("Cannot register an agent", checks.registered, options),
      this.#connection,
    );
    this.#registrations.add(registration);
    registration.ended.then(() => this.#registrations.delete(registration));
    await registration.first;
    return registration;
  }

  /**
   * Returns the entries that match a query, in the order in which they were
   * registered.
   *
   * @throws {ValidationError} If the query is invalid, or the directory does
   * not send valid entries.
   * @throws {RangeError} If there are a million entries or more, and no
   * `limit`.
   * @throws {ConnectError} If the directory cannot be reached.
   */
  async lookUp(options: LookUpOptions = {}): Promise<DirectoryEntry[]> {
    const { limit, ...query } = checks.checked(
      BAD_QUERY,
      checks.lookedUp,
      options,
    );
    const directory = await this.#connection.connect();
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
      const page = checks.checked(
        this.#answer,
        checks.list(checks.entry, wanted),
        told,
      );
      let last = after;
      for (const { id } of page) {
        // Ids must increase; otherwise the look-up might never end.
        last = checks.integer(last + 1)(id, `${this.#answer}: 'id'`);
      }
      found.push(...page);
      if (page.length < wanted) return found;
    }
    if (limit === undefined) this.#checkFound("look up", found.length);
    return found;
  }

  #checkFound(act: string, count: number): void {
    if (count < MAX_FOUND) return;
    throw new RangeError(
      `Cannot ${act}: the directory '${this.address}' has ${MAX_FOUND} entries or more that fit, narrow the query or set 'limit'`,
    );
  }

  /**
   * Looks up agents, and connects to all of them. Agents that are gone by then
   * are skipped.
   *
   * @typeParam T The class of the agents. It is not checked.
   * @throws {unknown} The errors of `lookUp`.
   */
  async connect<T>(query: LookUpOptions = {}): Promise<Remote<T>[]> {
    const entries = await this.lookUp(query);
    const remotes = await Promise.all(
      entries.map(({ address }) => this.#reach<T>(address)),
    );
    return remotes.filter((it) => it !== null);
  }

  /**
   * Looks up agents, and connects to the first one that can be reached.
   *
   * @typeParam T The class of the agent. It is not checked.
   * @throws {AgentNotFoundError} If no matching agent can be reached.
   * @throws {unknown} The errors of `lookUp`.
   */
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

  /**
   * Returns a proxy for any agent that matches the query. The first call looks
   * up an agent, and the proxy keeps using it as long as it answers. When the
   * agent is gone or has moved, the next call looks up another one. A call that
   * has not run for that reason is repeated with the other agent.
   *
   * Calls reject with an `AgentNotFoundError` if no agent matches within
   * `retryForMs`.
   *
   * @typeParam T The class of the agent. It is not checked.
   * @throws {RangeError} If `retryForMs` is under 0.
   */
  ref<T>(
    query: LookUpOptions,
    { retryForMs = 0 }: Pick<ConnectOptions, "retryForMs"> = {},
  ): Remote<T> {
    checkRange("retryForMs", retryForMs, 0);
    const { container } = this.#connection;
    const { context, links } = internalsOf(container);
    const caller = new RefCaller({
      address: this.address,
      timeoutMs: context.options.timeoutMs ?? Infinity,
      find: () => this.connectOne<T>(query),
      retries: () => links.retries(retryForMs),
    });
    return makeRemote(caller, "") as Remote<T>;
  }

  /** Connects to an agent; returns `null` if it is gone. */
  async #reach<T>(address: string): Promise<Remote<T> | null> {
    try {
      const { context, links } = internalsOf(this.#connection.container);
      const remote = await links.agent(address) as Remote<T>;
      context.access.meet(parseAgentAddress(address).container);
      return remote;
    } catch (error) {
      const isGone = error instanceof ConnectError ||
        error instanceof AgentNotFoundError;
      if (isGone) return null;
      throw error;
    }
  }

  /**
   * Yields the matching entries as `"added"`, and then each change, until the
   * loop ends. A slow loop may miss states in between, but never the last one.
   *
   * @throws {ValidationError} In the loop, if the query is invalid.
   * @throws {ConnectionClosedError} In the loop, if the connection to the
   * directory is lost.
   * @throws {AgentNotFoundError} In the loop, if the directory is closed.
   */
  async *subscribe(
    options: SubscribeOptions = {},
  ): AsyncGenerator<DirectoryChange> {
    const { signal, ...query } = checks.checked(
      BAD_QUERY,
      checks.subscribed,
      options,
    );
    const directory = await this.#connection.connect(signal);
    const changes: AsyncIterable<unknown> = await withOptions(directory, {
      signal,
    }).subscribe(query);
    // The directory does not record what this side has received.
    const seen = new Map<number, DirectoryEntry>();
    for await (const told of changes) {
      const { id, entry } = checks.checked(this.#answer, checks.news, told);
      const before = seen.get(id);
      if (entry !== null) {
        seen.set(id, entry);
        this.#checkFound("subscribe", seen.size);
        yield { kind: before === undefined ? "added" : "changed", entry };
      } else if (before !== undefined) {
        seen.delete(id);
        yield { kind: "removed", entry: before };
      }
    }
  }

  /** Closes the registrations. Can be called repeatedly; never rejects. */
  async close(): Promise<void> {
    await Promise.all([...this.#registrations].map((it) => it.close()));
  }

  /** Closes the registrations. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/**
 * Connects a container to the directory at `address`, which may be one of the
 * container's own agents.
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
 * @throws {ConnectError} If the directory's container cannot be reached within
 * `retryForMs`.
 * @throws {AuthenticationError} If the directory's container refuses this one.
 * @throws {AgentNotFoundError} If the directory does not exist within
 * `retryForMs`.
 * @throws {ContainerClosedError} If this container is closed.
 * @throws {TypeError} If the address has no known form, or the agent there is
 * no directory.
 */
export async function findDirectory(
  container: Container,
  address: string,
  options: FindDirectoryOptions = {},
): Promise<DirectoryClient> {
  const { onError, ...connecting } = options;
  const directory = await container.connect<Directory>(address, connecting);
  await checkDirectory(directory, address, connecting.signal);
  return new DirectoryClient(
    new DirectoryConnection(container, address, onError),
  );
}

/**
 * Checks that an agent is a directory.
 *
 * @throws {TypeError} If it has no `lookUp`.
 */
async function checkDirectory(
  agent: Remote<Directory>,
  address: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { type } = remoteNode(agent)!.place!;
  if (type === "Directory") return;
  // A class that extends `Directory` may have any name.
  try {
    await withOptions(agent, { signal }).lookUp({ limit: 1 });
  } catch (cause) {
    if (!(cause instanceof MethodNotFoundError)) throw cause;
    throw new TypeError(
      `Cannot use '${address}' as a directory: it is an agent of the class '${type}', give the address of a 'Directory'`,
      { cause },
    );
  }
}
