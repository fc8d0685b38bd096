import { parseAgentAddress } from "../address.ts";
import type { CheckedRegistration } from "./_checks.ts";
import type { DirectoryEntry, DirectoryProperties } from "./entry.ts";
import { Shares } from "./_fair_shares.ts";

/** Entries in the order of their ids, in which they are added. */
export class EntryList {
  readonly #byId = new Map<number, DirectoryEntry>();
  /** Ascending; some may belong to entries that are gone. */
  #ids: number[] = [];

  /** The number of entries. */
  get size(): number {
    return this.#byId.size;
  }

  /** Returns the entry with this id. */
  get(id: number): DirectoryEntry | undefined {
    return this.#byId.get(id);
  }

  /** Adds an entry whose id is larger than all before, or replaces one. */
  set(entry: DirectoryEntry): void {
    if (!this.#byId.has(entry.id)) this.#ids.push(entry.id);
    this.#byId.set(entry.id, entry);
  }

  /** Removes the entry with this id. */
  delete(id: number): void {
    this.#byId.delete(id);
    // Rare enough to cost little for each removal.
    if (this.#ids.length > 2 * this.#byId.size + 64) {
      this.#ids = [...this.#byId.keys()];
    }
  }

  /** Returns the first `count` entries with larger ids than `after`. */
  slice(after: number, count: number): DirectoryEntry[] {
    const found: DirectoryEntry[] = [];
    for (
      let i = this.#indexAfter(after);
      i < this.#ids.length && found.length < count;
      i++
    ) {
      const entry = this.#byId.get(this.#ids[i]!);
      if (entry !== undefined) found.push(entry);
    }
    return found;
  }

  #indexAfter(id: number): number {
    let [low, high] = [0, this.#ids.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ids[middle]! <= id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** One registration. */
export interface Listing extends CheckedRegistration {
  /** The address of its container. */
  readonly container: string;
  /** The entry that others see; `null` until the agent was reached. */
  entry: DirectoryEntry | null;
  properties: DirectoryProperties;
  /** Stands for the latest call that holds it. */
  holder: object | null;
  /** Resolves to a reason when it is gone. */
  readonly gone: PromiseWithResolvers<string>;
}

/** Creates the listing of a registration. */
export function listingOf(registration: CheckedRegistration): Listing {
  return {
    ...registration,
    container: parseAgentAddress(registration.address).container,
    entry: null,
    holder: null,
    gone: Promise.withResolvers(),
  };
}

/** All registrations, and the entries of those whose agent was reached. */
export class Entries {
  readonly #onChange: (id: number, entry: DirectoryEntry | null) => void;
  readonly #byKey = new Map<string, Listing>();
  /** The entries of each type, and under `null` those of all types. */
  readonly #lists = new Map<string | null, EntryList>();
  /** The parts of containers and hosts. */
  readonly shares: Shares;
  #lastId = 0;

  /**
   * Creates an empty table. `onChange` hears of each entry that is new, has
   * changed or, with `null`, is gone.
   */
  constructor(
    onChange: (id: number, entry: DirectoryEntry | null) => void,
    maxBytes: number,
  ) {
    this.#onChange = onChange;
    this.shares = new Shares(maxBytes);
  }

  /** The number of registrations. */
  get size(): number {
    return this.#byKey.size;
  }

  /** The number of entries that others see. */
  get shown(): number {
    return this.#lists.get(null)?.size ?? 0;
  }

  byKey(key: string): Listing | undefined {
    return this.#byKey.get(key);
  }

  byId(id: number): DirectoryEntry | null {
    return this.#lists.get(null)?.get(id) ?? null;
  }

  /**
   * Returns the first `count` entries of a type, or of all, with larger ids than
   * `after`, in the order of their ids.
   */
  slice(
    type: string | null,
    after: number,
    count: number,
  ): readonly DirectoryEntry[] {
    return this.#lists.get(type)?.slice(after, count) ?? [];
  }

  add(listing: Listing): void {
    this.#byKey.set(listing.key, listing);
    this.shares.add(listing.container, 1, bytesOf(listing));
  }

  /** Shows the entry to others from now on. Ids grow in this order. */
  show(listing: Listing): void {
    this.#set(listing, ++this.#lastId);
  }

  change(listing: Listing, properties: DirectoryProperties): void {
    if (areSame(listing.properties, properties)) return;
    const before = bytesOf(listing);
    listing.properties = properties;
    this.shares.add(listing.container, 0, bytesOf(listing) - before);
    if (listing.entry !== null) this.#set(listing, listing.entry.id);
  }

  remove(listing: Listing, reason: string): void {
    // The key may be in use again.
    if (this.#byKey.get(listing.key) !== listing) return;
    this.#byKey.delete(listing.key);
    this.shares.add(listing.container, -1, -bytesOf(listing));
    const { entry, type } = listing;
    listing.entry = null;
    listing.gone.resolve(reason);
    if (entry === null) return;
    for (const key of [null, type]) {
      const list = this.#lists.get(key)!;
      list.delete(entry.id);
      if (list.size === 0) this.#lists.delete(key);
    }
    this.#onChange(entry.id, null);
  }

  #set(listing: Listing, id: number): void {
    const { address, type, properties } = listing;
    const entry = Object.freeze({ id, address, type, properties });
    listing.entry = entry;
    for (const key of [null, type]) {
      const list = this.#lists.get(key) ?? new EntryList();
      this.#lists.set(key, list);
      list.set(entry);
    }
    this.#onChange(id, entry);
  }
}

/** Estimates the memory of one registration, in bytes. */
export function bytesOf(
  { type, address, key, properties }: CheckedRegistration,
): number {
  let bytes = LISTING_BYTES + 2 * (type.length + address.length + key.length);
  for (const [name, value] of Object.entries(properties)) {
    bytes += PROPERTY_BYTES + 2 * name.length;
    if (typeof value === "string") bytes += 2 * value.length;
  }
  return bytes;
}

/**
 * The memory of a registration beside its texts, with the calls that watch its
 * agent and hold the entry. Measured with 10,000 agents of one container.
 */
const LISTING_BYTES = 10_240;

/** The memory of a property beside its texts. */
const PROPERTY_BYTES = 64;

function areSame(a: DirectoryProperties, b: DirectoryProperties): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && a[name] === b[name]);
}
