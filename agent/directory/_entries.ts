import { parseAgentAddress } from "../address.ts";
import type {
  DirectoryEntry,
  DirectoryProperties,
  DirectoryRegistration,
} from "./entry.ts";
import { Shares } from "./_fair_shares.ts";

/** The place of an entry, which keeps its id until it is cleared away. */
interface Slot {
  readonly id: number;
  /** `null` once the entry is removed. */
  entry: DirectoryEntry | null;
}

/** Entries in the order of their ids, in which they are added. */
export class EntryList {
  #slots: Slot[] = [];
  #size = 0;

  /** The number of entries. */
  get size(): number {
    return this.#size;
  }

  /** Returns the entry with this id. */
  get(id: number): DirectoryEntry | null {
    return this.#slot(id)?.entry ?? null;
  }

  /** Adds an entry whose id is larger than all before, or replaces one. */
  set(entry: DirectoryEntry): void {
    const slot = this.#slot(entry.id);
    if (slot !== null) {
      slot.entry = entry;
    } else {
      this.#slots.push({ id: entry.id, entry });
      this.#size++;
    }
  }

  /** Removes the entry with this id, which is there. */
  delete(id: number): void {
    this.#slot(id)!.entry = null;
    this.#size--;
    // Moving the others each time would take long; this is rare enough.
    if (this.#slots.length > 2 * this.#size + 64) {
      this.#slots = this.#slots.filter(({ entry }) => entry !== null);
    }
  }

  /** Returns the first `count` entries with larger ids than `after`. */
  slice(after: number, count: number): DirectoryEntry[] {
    const found: DirectoryEntry[] = [];
    let index = this.#indexAfter(after);
    while (index < this.#slots.length && found.length < count) {
      const { entry } = this.#slots[index++]!;
      if (entry !== null) found.push(entry);
    }
    return found;
  }

  #slot(id: number): Slot | null {
    const slot = this.#slots[this.#indexAfter(id) - 1];
    return slot?.id === id ? slot : null;
  }

  #indexAfter(id: number): number {
    let [low, high] = [0, this.#slots.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#slots[middle]!.id <= id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** A registration with all that its caller may leave out. */
export interface FullRegistration extends DirectoryRegistration {
  readonly properties: DirectoryProperties;
  readonly key: string;
}

/** One registration. */
export interface Listing extends FullRegistration {
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
export function listingOf(registration: FullRegistration): Listing {
  return {
    ...registration,
    container: parseAgentAddress(registration.address).container,
    entry: null,
    holder: null,
    gone: Promise.withResolvers(),
  };
}

/**
 * Hears of each entry that is new (`before` is `null`), has changed, or is gone
 * (`after` is `null`).
 */
export type OnEntryChange = (
  before: DirectoryEntry | null,
  after: DirectoryEntry | null,
) => void;

/** All registrations, and the entries of those whose agent was reached. */
export class Entries {
  readonly #onChange: OnEntryChange;
  readonly #byKey = new Map<string, Listing>();
  readonly #shown = new EntryList();
  /** The parts of containers and hosts. */
  readonly shares: Shares;
  #lastId = 0;

  /** Creates an empty table. */
  constructor(onChange: OnEntryChange, maxBytes: number) {
    this.#onChange = onChange;
    this.shares = new Shares(maxBytes);
  }

  /** The number of registrations. */
  get size(): number {
    return this.#byKey.size;
  }

  /** The number of entries that others see. */
  get shown(): number {
    return this.#shown.size;
  }

  byKey(key: string): Listing | undefined {
    return this.#byKey.get(key);
  }

  byId(id: number): DirectoryEntry | null {
    return this.#shown.get(id);
  }

  /** Returns the first `count` entries with larger ids than `after`. */
  slice(after: number, count: number): readonly DirectoryEntry[] {
    return this.#shown.slice(after, count);
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
    const { entry } = listing;
    listing.entry = null;
    listing.gone.resolve(reason);
    if (entry === null) return;
    this.#shown.delete(entry.id);
    this.#onChange(entry, null);
  }

  #set(listing: Listing, id: number): void {
    const { address, type, properties, entry: before } = listing;
    const entry = Object.freeze({ id, address, type, properties });
    listing.entry = entry;
    this.#shown.set(entry);
    this.#onChange(before, entry);
  }
}

/** Estimates the memory of one registration, in bytes. */
export function bytesOf(
  { type, address, key, properties }: FullRegistration,
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
