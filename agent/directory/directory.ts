// Longer than most files: its exposed methods are one class by design.
import { abortable } from "../../channel/internal.ts";
import { readThrown } from "../../channel/message.ts";
import { ServerBusyError } from "../../channel/errors.ts";
import { Budget } from "../../channel/limits/budget.ts";
import { type Call, call } from "../../rpc/call.ts";
import { AgentNotFoundError, ValidationError } from "../../rpc/errors.ts";
import { expose } from "../../rpc/expose.ts";
import { world } from "../../transports/internal.ts";
import { internalsOf } from "../_container_internals.ts";
import { Agent } from "../agent.ts";
import type { Container } from "../container.ts";
import type { AgentOptions } from "../agent_options.ts";
import * as checks from "./_checks.ts";
import {
  bytesOf,
  Entries,
  type FullRegistration,
  type Listing,
  listingOf,
} from "./_entries.ts";
import {
  DIRECTORY_PAGE_SIZE,
  type DirectoryEntry,
  type DirectoryNews,
  type DirectoryPage,
  type DirectoryQuery,
  type DirectoryRegistration,
  type DirectoryStats,
} from "./entry.ts";
import { Turns } from "./_fair_shares.ts";
import { hostOf, isNear } from "./_hosts.ts";
import {
  type DirectoryLimits,
  resolveDirectoryLimits,
  type ResolvedLimits,
} from "./limits.ts";
import { Presence } from "./_presence.ts";
import { type OpenLink, Proofs } from "./_proofs.ts";
import { type Subscriber, Subscription } from "./_subscription.ts";

/** The number of entries that are examined before others have their turn. */
const SLICE = 2_048;

/** Options for the constructor of {@linkcode Directory}. */
export interface DirectoryOptions extends AgentOptions {
  /**
   * Its name in the container, and the end of its address.
   *
   * @default {"directory"}
   */
  readonly id?: string | undefined;
  /** The limits of what peers can make it hold. */
  readonly limits?: DirectoryLimits | undefined;
  /**
   * Decides whether an agent may be registered under an address, to which the
   * directory then connects; `callerAddress` is the address of the caller. May
   * be async.
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
   * Decides whether a caller may register an address without a proof that it is
   * its own: for programs that register agents of others, and for peers that
   * cannot give a proof. May be async.
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
 * A directory of agents: they register with it by type and properties, and
 * others look them up and subscribe to changes. It watches each agent, and
 * removes the entries of an agent that is gone.
 *
 * An address is registered only by the container that has it: the directory
 * connects to the address, and asks there. {@linkcode findDirectory} answers
 * that for you; for other programs see `trust`.
 *
 * It is an agent as any other, with plain data as arguments and results, so
 * that Python can call it, too. Call it by its address, never directly. In
 * denomas, `findDirectory` does more of the work.
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
  readonly #limits: ResolvedLimits;
  readonly #allow: NonNullable<DirectoryOptions["allow"]>;
  readonly #trust: NonNullable<DirectoryOptions["trust"]>;
  readonly #open: OpenLink;
  readonly #proofs: Proofs;
  readonly #turns = new Turns();
  /** Registrations that are being checked, by key. */
  readonly #pending = new Map<string, Promise<void>>();
  readonly #presences = new Map<string, Presence>();
  readonly #subscriptions = new Set<Subscription>();
  /** Counts the entries that subscribers have yet to hear of. */
  readonly #subscribed: Budget;
  readonly #entries: Entries;

  /** Creates a directory in `container`. */
  constructor(container: Container, options: DirectoryOptions = {}) {
    super(container, { ...options, id: options.id ?? "directory" });
    this.#limits = resolveDirectoryLimits(options.limits);
    this.#entries = new Entries((before, after) => {
      for (const it of this.#subscriptions) it.changed(before, after);
    }, this.#limits.maxEntryBytes);
    this.#allow = options.allow ??
      ((address, caller) => isNear(address, caller, container.address));
    this.#trust = options.trust ?? (() => false);
    this.#open = (address, signal) =>
      internalsOf(container).links.lease(address, signal);
    this.#proofs = new Proofs(this.#open, this.address);
    this.#subscribed = new Budget(this.#limits.maxSubscribedEntries);
    this.signal.addEventListener("abort", () => this.#end(), { once: true });
  }

  /**
   * Registers an agent, and resolves to the key of the entry when the agent
   * was reached. If its container has no such agent yet, it resolves as well:
   * then the entry shows as soon as there is one, if that is within 10 s.
   *
   * The same agent may be registered several times. With the key of an entry,
   * this gives that entry new properties.
   *
   * @throws {ValidationError} If the argument does not fit, or the address is
   * not allowed, or is not the caller's own.
   * @throws {ServerBusyError} If the directory is full.
   * @throws {unknown} If the agent cannot be reached from here.
   */
  @expose({ args: [checks.schema(checks.registration)] })
  async register(registration: DirectoryRegistration): Promise<string> {
    const caller = call();
    const { type, address, properties = {} } = registration;
    const key = registration.key ?? world.uuid();
    const wanted = { type, address, properties, key };
    if (this.#entries.byKey(key) !== undefined) {
      await this.#enter(wanted);
      return key;
    }
    const admitted = this.#admit(wanted, caller);
    // A caller that holds the entry at once waits for this.
    const pending = admitted.then(() => {}, () => {});
    this.#pending.set(key, pending);
    try {
      using _proof = await admitted;
      await this.#enter(wanted);
    } finally {
      if (this.#pending.get(key) === pending) this.#pending.delete(key);
    }
    return key;
  }

  /** Waits until the agent was reached, or is known not to be there yet. */
  async #enter(wanted: FullRegistration): Promise<void> {
    const known = this.#entries.byKey(wanted.key);
    const listing = known ?? this.#add(wanted);
    if (known !== undefined) this.#change(known, wanted);
    try {
      await this.#presences.get(wanted.address)!.attempt();
    } catch (error) {
      this.#remove(listing, readThrown(error).message);
      throw error;
    }
  }

  /**
   * Checks that a caller may register an address, before anything is kept. The
   * result keeps the connection of the proof open.
   */
  async #admit(
    wanted: FullRegistration,
    caller: Call,
  ): Promise<Disposable | null> {
    const { address } = wanted;
    const { remoteAddress, session, signal } = caller;
    if (await this.#allow(address, remoteAddress) !== true) {
      throw new ValidationError(
        `Cannot register '${address}': the directory does not connect to this address for '${remoteAddress}', permit it by 'allow'`,
      );
    }
    const isTrusted = await this.#trust(address, caller) === true;
    const proof = isTrusted
      ? null
      : await this.#proofs.check(wanted, session, signal);
    if (!this.signal.aborted && !signal.aborted) return proof;
    proof?.[Symbol.dispose]();
    // A caller that is gone could not hold the entry.
    signal.throwIfAborted();
    throw this.#closedError();
  }

  #change(listing: Listing, wanted: FullRegistration): void {
    const { address, type, properties } = wanted;
    if (listing.address !== address || listing.type !== type) {
      throw new ValidationError(
        `Cannot register '${address}': the key belongs to an entry of another agent or type, use another key`,
      );
    }
    this.#checkBytes(listing, bytesOf(wanted) - bytesOf(listing));
    this.#entries.change(listing, properties);
  }

  #add(wanted: FullRegistration): Listing {
    const { address } = wanted;
    const listing = listingOf(wanted);
    const { own, host } = this.#entries.shares.of(listing.container);
    this.#checkBelow(`register '${address}'`, "entries", {
      maxEntriesPerAgent: this.#presences.get(address)?.listings.size ?? 0,
      maxEntriesPerContainer: own.entries,
      maxEntriesPerHost: host.entries,
      maxEntries: this.#entries.size,
    });
    this.#checkBytes(listing, bytesOf(listing));
    const presence = this.#presences.get(address) ?? this.#watch(address);
    presence.listings.add(listing);
    this.#entries.add(listing);
    if (presence.isThere) this.#entries.show(listing);
    return listing;
  }

  #checkBytes({ address, container }: Listing, bytes: number): void {
    if (bytes <= 0 || this.#entries.shares.hasRoom(container, bytes)) return;
    throw new ServerBusyError(
      `Cannot register '${address}': the entries of its container, of its host or of all take too much memory, raise 'maxEntryBytes'`,
    );
  }

  /** Refuses one more where a count has reached its limit. */
  #checkBelow(
    act: string,
    what: string,
    counts: { readonly [K in keyof ResolvedLimits]?: number },
  ): void {
    for (const [name, count] of Object.entries(counts)) {
      if (count < this.#limits[name as keyof ResolvedLimits]) continue;
      throw new ServerBusyError(
        `Cannot ${act}: there are ${count} ${what}, raise '${name}'`,
      );
    }
  }

  #watch(address: string): Presence {
    const presence = new Presence({
      owner: this.container,
      open: this.#open,
      address,
      onThere: ({ listings }) => {
        for (const listing of listings) this.#entries.show(listing);
      },
    });
    this.#presences.set(address, presence);
    this.run(async () => {
      const reason = await presence.follow();
      for (const listing of presence.listings) this.#remove(listing, reason);
    });
    return presence;
  }

  #remove(listing: Listing, reason: string): void {
    const { address } = listing;
    this.#entries.remove(listing, reason);
    const presence = this.#presences.get(address);
    if (presence === undefined || !presence.listings.delete(listing)) return;
    if (presence.listings.size > 0) return;
    this.#presences.delete(address);
    presence.stop(reason);
  }

  /**
   * Withdraws the entry with this key. Does nothing if there is none.
   *
   * @throws {ValidationError} If the argument cannot be a key.
   */
  @expose({ args: [checks.schema(checks.key)] })
  deregister(key: string): void {
    const listing = this.#entries.byKey(key);
    if (listing !== undefined) this.#remove(listing, "it was withdrawn");
  }

  /**
   * Resolves to a reason when the entry with this key is gone, which may be at
   * once. If the call is given up, or the caller's connection is lost, the entry
   * is withdrawn, so that nothing is left of a caller that dies.
   *
   * @throws {ValidationError} If the argument cannot be a key.
   */
  @expose({ args: [checks.schema(checks.key)] })
  async hold(key: string): Promise<string> {
    const { signal } = call();
    const pending = this.#pending.get(key);
    if (pending !== undefined) await pending;
    const listing = this.#entries.byKey(key);
    if (listing === undefined) return "there is no such entry";
    const holder = listing.holder = {};
    try {
      return await abortable(listing.gone.promise, signal);
    } finally {
      // A lost connection may be noticed after its caller came back by another.
      if (listing.holder === holder) {
        this.#remove(listing, "nobody holds it any more");
      }
    }
  }

  /**
   * Looks up one page of entries, ordered by their ids, which grow in the order
   * in which entries appear. A page with fewer entries than the limit is the
   * last one.
   *
   * @throws {ValidationError} If the argument does not fit.
   */
  @expose({ args: [checks.schema(checks.page)] })
  async lookUp(page: DirectoryPage = {}): Promise<DirectoryEntry[]> {
    const { session, signal } = call();
    const { limit = DIRECTORY_PAGE_SIZE, after = 0 } = page;
    return await this.#turns.run(session, async () => {
      const found: DirectoryEntry[] = [];
      for (let last = after;;) {
        signal.throwIfAborted();
        const slice = this.#entries.slice(last, SLICE);
        for (const entry of slice) {
          if (!checks.fits(page, entry)) continue;
          if (found.push(entry) === limit) return found;
        }
        if (slice.length < SLICE) return found;
        last = slice.at(-1)!.id;
        await world.nextTurn();
      }
    });
  }

  /**
   * Sends the entries that fit, and then each change. A subscriber that reads
   * slowly misses states in between, and never the last one.
   *
   * @throws {ValidationError} If the argument does not fit.
   * @throws {ServerBusyError} In the loop, if there are too many subscribers.
   * @throws {AgentNotFoundError} In the loop, when the directory is closed.
   */
  @expose({ args: [checks.schema(checks.query)] })
  subscribe(query: DirectoryQuery = {}): AsyncGenerator<DirectoryNews> {
    return this.#changes(query, call());
  }

  async *#changes(
    query: DirectoryQuery,
    { remoteAddress, session, signal }: Call,
  ): AsyncGenerator<DirectoryNews> {
    const subscriber = { session, host: hostOf(remoteAddress) };
    // Not before somebody reads: else nobody might ever end it.
    const subscription = await this.#turns.run(
      session,
      () => this.#subscribe(query, subscriber),
    );
    try {
      for (;;) yield await subscription.next(signal);
    } finally {
      this.#subscriptions.delete(subscription);
      subscription.release();
    }
  }

  #subscribe(query: DirectoryQuery, subscriber: Subscriber): Subscription {
    const all = Array.from(this.#subscriptions, (it) => it.subscriber);
    const { session, host } = subscriber;
    this.#checkBelow("subscribe", "subscribers", {
      maxSubscribersPerConnection: all.filter((it) =>
        it.session === session
      ).length,
      maxSubscribersPerHost: all.filter((it) => it.host === host).length,
      maxSubscribers: all.length,
    });
    if (this.signal.aborted) throw this.#closedError();
    const subscription = new Subscription(
      subscriber,
      this.#entries,
      query,
      this.#subscribed,
    );
    this.#subscriptions.add(subscription);
    return subscription;
  }

  /** Returns the sizes of its tables. */
  @expose
  stats(): DirectoryStats {
    const { size, shown, shares } = this.#entries;
    return {
      entries: shown,
      bytes: shares.bytes,
      waiting: size - shown,
      agents: this.#presences.size,
      subscribers: this.#subscriptions.size,
    };
  }

  #end(): void {
    const error = this.#closedError();
    for (const subscription of this.#subscriptions) subscription.end(error);
    for (const { listings } of this.#presences.values()) {
      for (const listing of listings) this.#remove(listing, error.message);
    }
  }

  #closedError(): AgentNotFoundError {
    return new AgentNotFoundError(
      `Cannot use the directory '${this.address}': it is closed`,
    );
  }
}
