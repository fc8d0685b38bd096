import { addressOf } from "../address_of.ts";
import type { Container } from "../container.ts";
import { internalsOf } from "../_container_internals.ts";
import { guardedOnError, type OnError } from "../../channel/report.ts";
import { AgentNotFoundError } from "../../rpc/errors.ts";
import { withOptions } from "../../rpc/options.ts";
import type { Remote } from "../../rpc/remote.ts";
import { ConnectError } from "../../transports/errors.ts";
import type {
  DirectoryClient,
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
import { readChange, readPage } from "./_told_entry.ts";

/** How many entries are looked up where no `limit` is given. */
const MAX_FOUND = 1_000_000;

/** A directory, as one container uses it. */
export class ContainerClient implements DirectoryClient {
  readonly address: string;
  readonly #container: Container;
  readonly #onError: OnError;
  readonly #registrations = new Set<KeptRegistration>();

  constructor(
    container: Container,
    address: string,
    onError?: OnError,
  ) {
    this.address = address;
    this.#container = container;
    this.#onError = guardedOnError(onError);
    container.closed.then(() => this.#end());
  }

  /** The same proxy as before, unless the connection was lost. */
  #connect(signal?: AbortSignal): Promise<Remote<Directory>> {
    return this.#container.connect<Directory>(this.address, { signal });
  }

  async register<T>(
    agent: RegisteredAgent | Remote<T>,
    options: RegisterOptions,
  ): Promise<Registration> {
    // A proxy seems to have every property that it is asked for.
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
      const page = readPage(told, { after, limit: wanted }, this.address);
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

  /** The agent at an address, or `null` if it is gone by now. */
  async #reach<T>(address: string): Promise<Remote<T> | null> {
    try {
      const internals = internalsOf(this.#container);
      return await internals.connectLearned(address) as Remote<T>;
    } catch (error) {
      if (isGone(error)) return null;
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
    for await (const told of changes) yield readChange(told, this.address);
  }

  #end(): void {
    for (const registration of this.#registrations) registration.end();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#registrations].map((it) => it.close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function isGone(error: unknown): boolean {
  return error instanceof ConnectError || error instanceof AgentNotFoundError;
}
