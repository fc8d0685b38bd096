// Longer than most files: its exposed methods are one class by design.
import { parseAgentAddress } from "../address.ts";
import { Agent } from "../agent.ts";
import type { Container } from "../container.ts";
import type { AgentOptions } from "../agent_options.ts";
import { internalsOf } from "../_container_internals.ts";
import { abortable } from "../../channel/internal.ts";
import { Budget } from "../../channel/limits/budget.ts";
import { ServerBusyError } from "../../channel/errors.ts";
import { type Call, call } from "../../rpc/call.ts";
import { AgentNotFoundError, ValidationError } from "../../rpc/errors.ts";
import { expose } from "../../rpc/expose.ts";
import {
  type CheckedPage,
  type CheckedRegistration,
  checkKey,
  checkPage,
  checkQuery,
  checkRegistration,
  type Limits,
} from "./_check.ts";
import { bytesOf, Entries, Listing } from "./_entries.ts";
import type {
  DirectoryChange,
  DirectoryEntry,
  DirectoryPage,
  DirectoryQuery,
  DirectoryRegistration,
  DirectoryStats,
} from "./entry.ts";
import { hostOfCaller, isNear } from "./_hosts.ts";
import { DEFAULT_DIRECTORY_LIMITS, type DirectoryLimits } from "./limits.ts";
import { messageOf } from "./_message_of.ts";
import { Presence } from "./_presence.ts";
import { type OpenLink, Proofs } from "./_proofs.ts";
import type { Query } from "./_query.ts";
import { Subscription } from "./_subscription.ts";
import { Tally } from "./_tally.ts";
import { nextTurn, Turns } from "./_turns.ts";

/** How many entries are looked at before others have their turn. */
const SLICE = 2_048;

/** Options for the constructor of {@linkcode Directory}. */
export interface DirectoryOptions extends AgentOptions {
  /**
   * Its name in the container, and the end of its address.
   *
   * @default {"directory"}
   */
  readonly id?: string | undefined;
  /** What peers can make it hold. */
  readonly limits?: DirectoryLimits | undefined;
  /**
   * Whether an agent may be registered under an address, which the directory
   * dials; `callerAddress` is where the call comes from. May be async.
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
   * Whether a caller may register an address without a proof that it is its
   * own: for programs that register agents of others, and for peers that cannot
   * give a proof. May be async.
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

/** Who registers something with a directory. */
export interface DirectoryCaller {
  /** Where the call comes from. */
  readonly remoteAddress: string;
  /** The name in the caller's certificate, or `null`. */
  readonly peer: string | null;
  /** Who the caller is, as `authenticate` of the container told. */
  readonly identity: unknown;
}

/**
 * A directory of agents: they register with it by type and properties, and
 * others look them up and are told of changes. It watches each agent, and
 * removes the entries of one that is gone.
 *
 * An address is registered only by the container that has it: the directory
 * connects to the address, and asks there. {@linkcode findDirectory} answers
 * that for you; others see `trust`.
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
  readonly #limits: Limits;
  readonly #allow: NonNullable<DirectoryOptions["allow"]>;
  readonly #trust: NonNullable<DirectoryOptions["trust"]>;
  readonly #open: OpenLink;
  readonly #proofs: Proofs;
  readonly #turns = new Turns();
  /** Registrations that are being checked, by key. */
  readonly #pending = new Map<string, Promise<void>>();
  /** Subscribers, by connection and by host. */
  readonly #subscribers = new Tally<unknown>();
  readonly #subscribed: Budget;
  readonly #presences = new Map<string, Presence>();
  readonly #subscriptions = new Set<Subscription>();
  readonly #entries: Entries;

  /** Makes a directory in `container`. */
  constructor(container: Container, options: DirectoryOptions = {}) {
    const { limits = {}, id = "directory" } = options;
    super(container, { ...options, id });
    this.#limits = limitsOf(limits);
    this.#entries = new Entries((id, entry) => {
      for (const subscription of this.#subscriptions) {
        subscription.changed(id, entry);
      }
    }, this.#limits.maxEntryBytes);
    this.#allow = options.allow ??
      ((address, caller) => isNear(address, caller, container.address));
    this.#trust = options.trust ?? (() => false);
    this.#open = (address, signal) =>
      internalsOf(container).leaseLearned(address, signal);
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
  @expose
  async register(registration: DirectoryRegistration): Promise<string> {
    const caller = call();
    const wanted = checkRegistration(registration, this.#limits);
    const { key } = wanted;
    if (this.#entries.byKey(key) !== undefined) {
      await this.#enter(wanted);
      return key;
    }
    const checked = this.#check(wanted, caller);
    // Who holds the entry at once waits for this.
    const pending = checked.then(() => {}, () => {});
    this.#pending.set(key, pending);
    try {
      using _kept = await checked;
      await this.#enter(wanted);
    } finally {
      if (this.#pending.get(key) === pending) this.#pending.delete(key);
    }
    return key;
  }

  /** Waits until the agent was reached, or is known not to be there yet. */
  async #enter(wanted: CheckedRegistration): Promise<void> {
    const known = this.#entries.byKey(wanted.key);
    const listing = known ?? this.#add(wanted);
    if (known !== undefined) this.#change(known, wanted);
    try {
      await this.#presences.get(wanted.address)!.attempt();
    } catch (error) {
      this.#remove(listing, messageOf(error));
      throw error;
    }
  }

  /**
   * Nothing is kept of a registration before this has passed. The result keeps
   * what was needed for it.
   */
  async #check(
    wanted: CheckedRegistration,
    caller: Call,
  ): Promise<Disposable | null> {
    const { address } = wanted;
    const { remoteAddress, peerName: peer, identity, session, signal } = caller;
    if (await this.#allow(address, remoteAddress) !== true) {
      throw new ValidationError(
        `Cannot register '${address}': the directory does not dial this address for '${remoteAddress}', permit it by 'allow'`,
      );
    }
    const who: DirectoryCaller = { remoteAddress, peer, identity };
    const isTrusted = await this.#trust(address, who) === true;
    const kept = isTrusted
      ? null
      : await this.#proofs.check(wanted, session, signal);
    if (!this.signal.aborted && !signal.aborted) return kept;
    kept?.[Symbol.dispose]();
    // A caller that is gone could not hold the entry.
    signal.throwIfAborted();
    throw this.#closedError();
  }

  #change(listing: Listing, wanted: CheckedRegistration): void {
    const { address, type, properties } = wanted;
    if (listing.address !== address || listing.type !== type) {
      throw new ValidationError(
        `Cannot register '${address}': the key belongs to an entry of another agent or type, use another key`,
      );
    }
    this.#checkBytes(listing, bytesOf(wanted) - bytesOf(listing));
    this.#entries.change(listing, properties);
  }

  #add(wanted: CheckedRegistration): Listing {
    const { address } = wanted;
    this.#checkRoom(address);
    const listing = new Listing(wanted);
    this.#checkBytes(listing, bytesOf(listing));
    const presence = this.#presences.get(address) ?? this.#watch(address);
    presence.listings.add(listing);
    this.#entries.add(listing);
    if (presence.isThere) this.#entries.show(listing);
    return listing;
  }

  #checkRoom(address: string): void {
    const limits = this.#limits;
    const { container } = parseAgentAddress(address);
    const { shares } = this.#entries;
    const ofAgent = this.#presences.get(address)?.listings.size ?? 0;
    checkBelow(address, limits, {
      maxEntriesPerAgent: ofAgent,
      maxEntriesPerContainer: shares.ofContainer(container),
      maxEntriesPerHost: shares.ofHostOf(container),
      maxEntries: this.#entries.size,
    });
  }

  #checkBytes({ address, container }: Listing, bytes: number): void {
    if (bytes <= 0 || this.#entries.shares.hasRoom(container, bytes)) return;
    throw new ServerBusyError(
      `Cannot register '${address}': the entries of its container, of its host or of all take too much memory, raise 'maxEntryBytes'`,
    );
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
   * Withdraws the entry of which this is the key. If there is none, nothing
   * happens.
   *
   * @throws {ValidationError} If the argument can be no key.
   */
  @expose
  deregister(key: string): void {
    const checked = checkKey("Cannot deregister", key, this.#limits);
    const listing = this.#entries.byKey(checked);
    if (listing !== undefined) this.#remove(listing, "it was withdrawn");
  }

  /**
   * Resolves to a reason when the entry of which this is the key is gone, which
   * may be at once. If the call is given up, or the caller's connection is
   * lost, the entry is withdrawn: so nothing is left of a caller that dies.
   *
   * @throws {ValidationError} If the argument can be no key.
   */
  @expose
  async hold(key: string): Promise<string> {
    const { signal } = call();
    const checked = checkKey("Cannot hold", key, this.#limits);
    const pending = this.#pending.get(checked);
    if (pending !== undefined) await pending;
    const listing = this.#entries.byKey(checked);
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
   * Looks entries up: one page of them, in the order of their ids, which is
   * that in which they came to be there. A page with fewer than the limit is
   * the last one.
   *
   * @throws {ValidationError} If the argument does not fit.
   */
  @expose
  async lookUp(page: DirectoryPage = {}): Promise<DirectoryEntry[]> {
    const { session, signal } = call();
    const checked = checkPage(page, this.#limits);
    return await this.#turns.run(session, () => this.#find(checked, signal));
  }

  /** Looks at so many entries before others have their turn. */
  async #find(
    { query, limit, after }: CheckedPage,
    signal: AbortSignal,
  ): Promise<DirectoryEntry[]> {
    const found: DirectoryEntry[] = [];
    for (let last = after;;) {
      signal.throwIfAborted();
      const slice = this.#entries.slice(query.type, last, SLICE);
      for (const entry of slice) {
        if (query.means(entry) && found.push(entry) === limit) return found;
      }
      if (slice.length < SLICE) return found;
      last = slice.at(-1)!.id;
      await nextTurn();
    }
  }

  /**
   * Tells of what is there, as `"added"`, and then of each change. One who is
   * slow to read misses states in between, and never the last one.
   *
   * @throws {ValidationError} If the argument does not fit.
   * @throws {ServerBusyError} In the loop, if there are too many subscribers.
   * @throws {AgentNotFoundError} In the loop, when the directory is closed.
   */
  @expose
  subscribe(query: DirectoryQuery = {}): AsyncGenerator<DirectoryChange> {
    const act = "Cannot subscribe";
    return this.#changes(checkQuery(act, query, this.#limits), call());
  }

  async *#changes(
    query: Query,
    { remoteAddress, session, signal }: Call,
  ): AsyncGenerator<DirectoryChange> {
    const sharers = [session, hostOfCaller(remoteAddress)] as const;
    // Not before somebody reads: else nobody might ever end it.
    const subscription = await this.#turns.run(
      session,
      () => this.#subscribe(query, sharers),
    );
    try {
      for (;;) yield await subscription.next(signal);
    } finally {
      this.#subscriptions.delete(subscription);
      subscription.release();
      for (const sharer of sharers) this.#subscribers.remove(sharer);
    }
  }

  #subscribe(
    query: Query,
    sharers: readonly [session: unknown, host: string],
  ): Subscription {
    const [session, host] = sharers;
    for (
      const [name, count] of [
        ["maxSubscribersPerConnection", this.#subscribers.of(session)],
        ["maxSubscribersPerHost", this.#subscribers.of(host)],
        ["maxSubscribers", this.#subscriptions.size],
      ] as const
    ) {
      if (count < this.#limits[name]) continue;
      throw new ServerBusyError(
        `Cannot subscribe: there are ${count} subscribers, raise '${name}'`,
      );
    }
    if (this.signal.aborted) throw this.#closedError();
    const budget = new Budget(Infinity, this.#subscribed);
    const subscription = new Subscription(this.#entries, query, budget);
    this.#subscriptions.add(subscription);
    for (const sharer of sharers) this.#subscribers.add(sharer);
    return subscription;
  }

  /** The sizes of its tables. */
  @expose
  stats(): DirectoryStats {
    const { size, shown } = this.#entries;
    return {
      entries: shown,
      bytes: this.#entries.shares.bytes,
      waiting: size - shown,
      agents: this.#presences.size,
      subscribers: this.#subscriptions.size,
    };
  }

  #end(): void {
    const { message } = this.#closedError();
    for (const subscription of this.#subscriptions) {
      subscription.end(this.#closedError());
    }
    for (const { listings } of this.#presences.values()) {
      for (const listing of listings) this.#remove(listing, message);
    }
  }

  #closedError(): AgentNotFoundError {
    return new AgentNotFoundError(
      `Cannot use the directory '${this.address}': it is closed`,
    );
  }
}

function limitsOf(limits: DirectoryLimits): Limits {
  const resolved = { ...DEFAULT_DIRECTORY_LIMITS };
  for (const name of Object.keys(resolved) as (keyof Limits)[]) {
    const value = limits[name] ?? DEFAULT_DIRECTORY_LIMITS[name];
    if (!(value >= 0)) {
      throw new RangeError(
        `Cannot make a directory: '${name}' is ${value}, it must be 0 or more`,
      );
    }
    Object.assign(resolved, { [name]: value });
  }
  return resolved;
}

/** Refuses one entry more where a count has reached its limit. */
function checkBelow<K extends keyof Limits>(
  address: string,
  limits: Limits,
  counts: Readonly<Record<K, number>>,
): void {
  for (const name of Object.keys(counts) as K[]) {
    if (counts[name] < limits[name]) continue;
    throw new ServerBusyError(
      `Cannot register '${address}': there are ${
        counts[name]
      } entries, raise '${name}'`,
    );
  }
}
