import { type Call, call } from "../../rpc/call.ts";
import { AgentNotFoundError, ValidationError } from "../../rpc/errors.ts";
import { expose } from "../../rpc/service/expose.ts";
import { channelOf } from "../../rpc/internal.ts";
import { world } from "../../transports/internal.ts";
import { internalsOf } from "../_container_internals.ts";
import { Agent } from "../agent.ts";
import type { Container } from "../container.ts";
import type { AgentOptions } from "../agent_options.ts";
import * as checks from "./_checks.ts";
import { Entries, type KeyedRegistration } from "./_entries.ts";
import {
  DIRECTORY_PAGE_SIZE,
  type DirectoryEntry,
  type DirectoryNews,
  type DirectoryPage,
  type DirectoryQuery,
  type DirectoryRegistration,
  type DirectoryStats,
} from "./entry.ts";
import { isNear } from "./_near.ts";
import { Proofs } from "./_proofs.ts";
import { Subscription } from "./_subscription.ts";
import { Turns } from "./_turns.ts";

/** The number of entries to examine before other work gets its turn. */
const SLICE = 2_048;

/** Options for the constructor of {@linkcode Directory}. */
export interface DirectoryOptions extends AgentOptions {
  /**
   * The name of the directory in its container, and the end of its address.
   *
   * @default {"directory"}
   */
  readonly id?: string | undefined;
  /**
   * Decides whether an agent may be registered under `address`. If so, the
   * directory connects to that address for the proof. `callerAddress` is the
   * address of the caller. May be async.
   *
   * @default {the host of TCP must be that of the caller. For callers on the
   * directory's own machine also that of the directory, and the folder of its
   * Unix socket, or memory, if it listens there}
   */
  readonly allow?:
    | ((
      address: string,
      callerAddress: string,
    ) => boolean | Promise<boolean>)
    | undefined;
  /**
   * Decides whether a caller may register an address without proving that the
   * address is its own. For programs that register agents of others, and for
   * peers that cannot give a proof. May be async.
   *
   * @default {no}
   */
  readonly trust?:
    | ((
      address: string,
      caller: DirectoryCaller,
    ) => boolean | Promise<boolean>)
    | undefined;
}

/** The caller that registers an agent, as {@linkcode Call} describes it. */
export type DirectoryCaller = Pick<
  Call,
  "remoteAddress" | "peerName" | "identity"
>;

/**
 * A directory of agents. Agents are registered by type and properties; others
 * look them up and subscribe to changes. An entry lasts as long as the
 * connection on which it was registered.
 *
 * An address can be registered only by its own container: the directory
 * connects to the address, and asks there. {@linkcode findDirectory} answers
 * for you; for other programs see `trust`.
 *
 * A directory is an ordinary agent, with plain data as arguments and results,
 * so that Python can call it, too. Always call it by its address, never
 * directly. In denomas, `findDirectory` does more of the work.
 *
 * ```ts
 * import { Agent, Container } from "@denomas/denomas/agent";
 * import { Directory, findDirectory } from "@denomas/denomas/directory";
 * import { assertEquals } from "@std/assert";
 *
 * await using container = await Container.create("local://directory");
 * const { address } = await container.spawn(Directory);
 * assertEquals(address, "local://directory/directory");
 *
 * const agent = await container.spawn(Agent);
 * const directory = await findDirectory(container, address);
 * await directory.register(agent, { type: "bidder" });
 * const [entry] = await directory.lookUp({ type: "bidder" });
 * assertEquals(entry?.address, agent.address);
 * ```
 */
export class Directory extends Agent {
  readonly #allow: NonNullable<DirectoryOptions["allow"]>;
  readonly #trust: NonNullable<DirectoryOptions["trust"]>;
  readonly #proofs: Proofs;
  readonly #turns = new Turns();
  readonly #subscriptions = new Set<Subscription>();
  readonly #entries = new Entries((...change) => {
    for (const it of this.#subscriptions) it.changed(...change);
  });

  /** Creates a directory in `container`. */
  constructor(container: Container, options: DirectoryOptions = {}) {
    // Concurrent, since a registration waits for the agent's container to
    // answer.
    super(container, {
      concurrent: true,
      ...options,
      id: options.id ?? "directory",
    });
    this.#allow = options.allow ??
      ((address, caller) => isNear(address, caller, container.address));
    this.#trust = options.trust ?? (() => false);
    this.#proofs = new Proofs(internalsOf(container).links, this.address);
    this.signal.addEventListener("abort", () => this.#end(), { once: true });
  }

  /**
   * Registers an agent, and resolves to the key of the entry. The entry lasts
   * until it is withdrawn or the caller's connection ends.
   *
   * The same agent may be registered several times. Registering with the key of
   * an existing entry gives that entry new properties; on another connection,
   * the entry moves to that connection and gets another id.
   *
   * @throws {ValidationError} If the argument is invalid, or the address is not
   * allowed, or is not the caller's own.
   * @throws {ServerBusyError} If the caller makes the directory hold too much
   * memory.
   * @throws {unknown} If the directory cannot reach the agent's container.
   */
  @expose({ args: [checks.schema(checks.registration)] })
  async register(registration: DirectoryRegistration): Promise<string> {
    const caller = call();
    const channel = channelOf(caller);
    const keyed = { ...registration, key: registration.key ?? world.uuid() };
    const { key } = keyed;
    if (!this.#entries.has(key, channel)) await this.#admit(keyed, caller);
    this.#entries.set(keyed, channel);
    return key;
  }

  /**
   * Checks that a caller may register an address, before anything is stored.
   */
  async #admit(
    { address, key }: KeyedRegistration,
    caller: Call,
  ): Promise<void> {
    const { remoteAddress, signal } = caller;
    if (await this.#allow(address, remoteAddress) !== true) {
      throw new ValidationError(
        `Cannot register '${address}': the directory does not connect to this address for '${remoteAddress}', permit it by 'allow'`,
      );
    }
    if (await this.#trust(address, caller) !== true) {
      await this.#proofs.check(address, key, channelOf(caller), signal);
    }
    // An entry added after its connection has ended would never be removed.
    signal.throwIfAborted();
    if (this.signal.aborted) throw this.#closedError();
  }

  /**
   * Withdraws the entry with this key, if there is one.
   *
   * @throws {ValidationError} If the argument cannot be a key.
   */
  @expose({ args: [checks.schema(checks.key)] })
  deregister(key: string): void {
    this.#entries.remove(key);
  }

  /**
   * Looks up one page of entries, ordered by id. Ids grow in the order of
   * registration. A page with fewer entries than the limit is the last one.
   *
   * @throws {ValidationError} If the argument is invalid.
   */
  @expose({ args: [checks.schema(checks.page)] })
  async lookUp(page: DirectoryPage = {}): Promise<DirectoryEntry[]> {
    const caller = call();
    const { limit = DIRECTORY_PAGE_SIZE, after = 0 } = page;
    const channel = channelOf(caller);
    return await this.#turns.run(channel, caller.signal, async () => {
      const found: DirectoryEntry[] = [];
      let examined = 0;
      for (const { id, entry } of this.#entries.all()) {
        if (examined++ % SLICE === 0) {
          await world.nextTurn();
          caller.signal.throwIfAborted();
        }
        if (id <= after || entry === null || !checks.fits(page, entry)) {
          continue;
        }
        if (found.push(entry) === limit) break;
      }
      return found;
    });
  }

  /**
   * Yields the matching entries, and then each change. A slow subscriber may
   * miss states in between, but never the last one.
   *
   * @throws {ValidationError} If the argument is invalid.
   * @throws {ServerBusyError} In the loop, if the caller makes the directory
   * hold too much memory.
   * @throws {AgentNotFoundError} In the loop, when the directory is closed.
   */
  @expose({ args: [checks.schema(checks.query)] })
  subscribe(query: DirectoryQuery = {}): AsyncGenerator<DirectoryNews> {
    return this.#changes(query, call());
  }

  async *#changes(
    query: DirectoryQuery,
    caller: Call,
  ): AsyncGenerator<DirectoryNews> {
    // Created on the first read: a subscription that is never read might never
    // end.
    const channel = channelOf(caller);
    const subscription = await this.#turns.run(channel, caller.signal, () => {
      if (this.signal.aborted) throw this.#closedError();
      const { budget } = channel;
      const subscription = new Subscription(query, this.#entries.all(), budget);
      // Added in the same step, so that no change is missed.
      this.#subscriptions.add(subscription);
      return subscription;
    });
    try {
      for (;;) yield await subscription.next(caller.signal);
    } finally {
      this.#subscriptions.delete(subscription);
      subscription.release();
    }
  }

  /** Returns the sizes of the directory's tables. */
  @expose
  stats(): DirectoryStats {
    return {
      entries: this.#entries.size,
      subscribers: this.#subscriptions.size,
    };
  }

  #end(): void {
    const error = this.#closedError();
    for (const subscription of this.#subscriptions) subscription.end(error);
    this.#entries.clear();
  }

  #closedError(): AgentNotFoundError {
    return new AgentNotFoundError(
      `Cannot use the directory '${this.address}': it is closed`,
    );
  }
}
