import { Timers } from "../../channel/internal.ts";
import { world } from "../../transports/internal.ts";
import type { Entry, EntryChange } from "./engine.ts";

/** The overhead of an entry beyond its key and value, in bytes. */
const ENTRY_BYTES = 200;

/** An entry and the length of its lease. */
export interface Lease {
  readonly entry: Entry;
  /** In milliseconds; `Infinity` without a lease. */
  readonly leaseMs: number;
}

/** An entry as the table stores it. */
interface Held extends Lease {
  /** When the lease ends, by `world.now()`. */
  readonly endsAt: number;
  readonly bytes: number;
  /** Stops the timer of the lease. */
  stop(): void;
}

/** A callback that receives the changes of a table, in order. */
export type TableWatcher = (change: EntryChange, revision: number) => void;

/** The entries of a cluster and their leases. Owns the lease timers. */
export class EntryTable {
  readonly #held = new Map<string, Held>();
  readonly #watchers = new Map<TableWatcher, string>();
  readonly #timers: Timers;
  #revision: number;
  #bytes = 0;

  /**
   * Makes an empty table, whose timers belong to `owner`. Its revisions start
   * after `revision`.
   */
  constructor(owner: object, revision: number) {
    this.#timers = new Timers(owner);
    this.#revision = revision;
  }

  /** The revision of the last change. */
  get revision(): number {
    return this.#revision;
  }

  /** The approximate memory use of the entries, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Returns the entry of `key`; `null` if there is none. */
  get(key: string): Entry | null {
    return this.#living(key)?.entry ?? null;
  }

  /** Returns all entries, in the order of their revisions. */
  all(): Lease[] {
    return [...this.#held.values()];
  }

  /**
   * Returns the entries whose keys begin with `prefix`, in the order of their
   * revisions.
   */
  entries(prefix: string): Entry[] {
    return [...this.#held.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => this.get(key))
      .filter((entry) => entry !== null);
  }

  /**
   * Returns whether the entry of `key` has the revision `expected`; 0 for no
   * entry.
   */
  has(key: string, expected: number): boolean {
    return (this.get(key)?.revision ?? 0) === expected;
  }

  /** Returns a new entry, without adding it to the table. */
  next(key: string, value: Uint8Array): Entry {
    return { key, value, revision: ++this.#revision };
  }

  /** Makes later revisions greater than `revision`. */
  advance(revision: number): void {
    this.#revision = Math.max(this.#revision, revision);
  }

  /** Adds an entry, or replaces the entry with the same key. */
  write({ entry, leaseMs }: Lease): void {
    const { key, value } = entry;
    const bytes = ENTRY_BYTES + key.length * 2 + value.length;
    this.#drop(key);
    const lease = this.#timers.start("lease", leaseMs, () => this.#end(key), {
      keepsAlive: true,
    });
    // Added last, so that the map stays in the order of the revisions.
    this.#held.set(key, {
      entry,
      leaseMs,
      endsAt: world.now() + leaseMs,
      bytes,
      stop: () => lease.stop(),
    });
    this.#bytes += bytes;
    this.#tell({ kind: "put", entry });
  }

  /** Removes the entry of `key`; returns whether there was one. */
  remove(key: string): boolean {
    if (this.#living(key) === undefined) return false;
    this.#end(key);
    return true;
  }

  /**
   * Calls `watcher` for each change of entries whose keys begin with `prefix`.
   */
  watch(prefix: string, watcher: TableWatcher): () => void {
    this.#watchers.set(watcher, prefix);
    return () => void this.#watchers.delete(watcher);
  }

  /** Stops the timers. */
  close(): void {
    this.#timers.end();
    this.#watchers.clear();
  }

  /**
   * Ends expired leases on access. Their timer may be late if the process was
   * busy, or the machine asleep.
   */
  #living(key: string): Held | undefined {
    const held = this.#held.get(key);
    if (held === undefined || world.now() < held.endsAt) return held;
    this.#end(key);
    return undefined;
  }

  #end(key: string): void {
    this.#drop(key);
    this.#revision++;
    this.#tell({ kind: "removed", key });
  }

  #drop(key: string): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    held.stop();
    this.#held.delete(key);
    this.#bytes -= held.bytes;
  }

  #tell(change: EntryChange): void {
    const key = change.kind === "put" ? change.entry.key : change.key;
    for (const [watcher, prefix] of [...this.#watchers]) {
      if (key.startsWith(prefix)) watcher(change, this.#revision);
    }
  }
}
