import type { ConnectionChannel } from "../../channel/internal.ts";
import { ServerBusyError } from "../../channel/errors.ts";
import { Budget } from "../../channel/limits/budget.ts";
import { ValidationError } from "../../rpc/errors.ts";
import type {
  DirectoryEntry,
  DirectoryProperties,
  DirectoryRegistration,
} from "./entry.ts";

/** A registration with the key of its entry. */
export interface KeyedRegistration extends DirectoryRegistration {
  readonly key: string;
}

/** The entries that were registered on one connection. They end with it. */
interface Holder {
  readonly budget: Budget;
  readonly listings: Set<Listing>;
}

/** One registration. */
export interface Listing {
  readonly id: number;
  readonly holder: Holder;
  registration: KeyedRegistration;
  /** The visible entry; `null` while it is hidden, and after it is removed. */
  entry: DirectoryEntry | null;
}

/**
 * Called with each entry that is new (`before` is `null`), has changed, or is
 * gone (`after` is `null`).
 */
export type OnEntryChange = (
  listing: Listing,
  before: DirectoryEntry | null,
  after: DirectoryEntry | null,
) => void;

/**
 * All entries of a directory. They count towards the budgets of the connections
 * on which they were registered, and are removed when these connections end.
 */
export class Entries {
  readonly #onChange: OnEntryChange;
  /** The registrations by key, in the order of their ids. */
  readonly #listings = new Map<string, Listing>();
  readonly #holders = new WeakMap<ConnectionChannel, Holder>();
  #lastId = 0;

  /** Creates an empty table. */
  constructor(onChange: OnEntryChange) {
    this.#onChange = onChange;
  }

  /** The number of entries, including hidden ones. */
  get size(): number {
    return this.#listings.size;
  }

  /**
   * All entries, in the order of their ids. Entries may change during the
   * iteration.
   */
  all(): Iterable<Listing> {
    return this.#listings.values();
  }

  /** Returns whether `channel` has an entry with this key. */
  has(key: string, channel: ConnectionChannel): boolean {
    const holder = this.#listings.get(key)?.holder;
    return holder !== undefined && holder === this.#holders.get(channel);
  }

  /**
   * Adds an entry, or changes the entry with the same key. An entry of another
   * connection is removed, and a new one is added.
   *
   * @throws {ValidationError} If the key belongs to another address or type.
   * @throws {ServerBusyError} If there is no room for the entry.
   */
  set(registration: KeyedRegistration, channel: ConnectionChannel): void {
    const { key, address, type } = registration;
    const known = this.#listings.get(key);
    const before = known?.registration;
    if (before && (before.address !== address || before.type !== type)) {
      throw new ValidationError(
        `Cannot register '${address}': the key belongs to an entry of another agent or type, use another key`,
      );
    }
    const holder = this.#holderOf(channel);
    const isOwn = known?.holder === holder;
    const bytes = bytesOf(registration) - (isOwn ? bytesOf(before!) : 0);
    if (bytes > 0 && holder.budget.exceededBy(bytes) !== null) {
      throw new ServerBusyError(
        `Cannot register '${address}': the entries of its connection or host take too much memory, raise 'limits.requests.maxHeldBytes' or 'maxServerHeldBytes' of the directory's container`,
      );
    }
    if (known !== undefined && !isOwn) this.remove(key);
    const listing = isOwn
      ? known
      : { id: ++this.#lastId, holder, registration, entry: null };
    holder.budget.hold(bytes);
    holder.listings.add(listing);
    this.#listings.set(key, listing);
    this.#show(listing, registration);
  }

  #show(listing: Listing, registration: KeyedRegistration): void {
    const { address, type, properties = {}, isHidden } = registration;
    const { id, entry: before } = listing;
    listing.registration = registration;
    if (!isHidden && before && areSame(before.properties, properties)) return;
    const entry = Object.freeze({ id, address, type, properties });
    listing.entry = isHidden ? null : entry;
    this.#onChange(listing, before, listing.entry);
  }

  /** Removes the entry with this key, if there is one. */
  remove(key: string): void {
    const listing = this.#listings.get(key);
    if (listing === undefined) return;
    const { holder, registration, entry } = listing;
    this.#listings.delete(key);
    holder.listings.delete(listing);
    holder.budget.release(bytesOf(registration));
    listing.entry = null;
    this.#onChange(listing, entry, null);
  }

  /** Removes all entries. */
  clear(): void {
    for (const key of this.#listings.keys()) this.remove(key);
  }

  #holderOf(channel: ConnectionChannel): Holder {
    const known = this.#holders.get(channel);
    if (known !== undefined) return known;
    const budget = new Budget(Infinity, channel.budget);
    const holder = { budget, listings: new Set<Listing>() };
    this.#holders.set(channel, holder);
    channel.closed.then(() => {
      for (const { registration } of holder.listings) {
        this.remove(registration.key);
      }
    });
    return holder;
  }
}

/** Estimates the memory of one registration, in bytes. */
function bytesOf(
  { type, address, key, properties = {} }: KeyedRegistration,
): number {
  let bytes = LISTING_BYTES + 2 * (type.length + address.length + key.length);
  for (const [name, value] of Object.entries(properties)) {
    bytes += PROPERTY_BYTES + 2 * name.length;
    if (typeof value === "string") bytes += 2 * value.length;
  }
  return bytes;
}

/** The memory of a registration without its texts, in bytes. */
const LISTING_BYTES = 512;

/** The memory of a property without its texts, in bytes. */
const PROPERTY_BYTES = 64;

function areSame(a: DirectoryProperties, b: DirectoryProperties): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && a[name] === b[name]);
}
