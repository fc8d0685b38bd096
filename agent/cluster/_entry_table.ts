import { Timers } from "../../channel/internal.ts";
import { world } from "../../transports/internal.ts";
import type { Entry, EntryChange } from "./engine.ts";

/** What an entry takes beside its key and value, in bytes. */
const ENTRY_BYTES = 200;

/** An entry, and how long it is there. */
export interface Lease {
  readonly entry: Entry;
  /** In milliseconds; `Infinity` without a lease. */
  readonly leaseMs: number;
}

/** An entry as the table keeps it. */
interface Held extends Lease {
  /** When its lease ends, by `world.now()`. */
  readonly endsAt: number;
  readonly bytes: number;
  /** Stops the timer of its lease. */
  stop(): void;
}

/** What follows the changes of a table, in their order. */
export type TableWatcher = (change: EntryChange, revision: number) => void;

/** The entries of a cluster and their leases. Owns the timers of the leases. */
export class EntryTable {
  readonly #held = new Map<string, Held>();
  readonly #watchers = new Map<TableWatcher, string>();
  readonly #timers: Timers;
  #revision: number;
  #bytes = 0;

  /**
   * Makes a table without entries, whose timers belong to `owner`. Its revisions
   * begin after `revision`.
   */
  constructor(owner: object, revision: number) {
    this.#timers = new Timers(owner);
    this.#revision = revision;
  }

  /** The revision of the last change. */
  get revision(): number {
    return this.#revision;
  }

  /** How much memory the entries take, in bytes, roughly. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Returns the entry of `key`; `null` if there is none. */
  get(key: string): Entry | null {
    return this.#living(key)?.entry ?? null;
  }

  /** Returns all entries, by their revisions. */
  all(): Lease[] {
    return [...this.#held.values()];
  }

  /** Returns the entries whose keys begin with `prefix`, by their revisions. */
  entries(prefix: string): Entry[] {
    return [...this.#held.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => this.get(key))
      .filter((entry) => entry !== null);
  }

  /** Returns whether the entry of `key` has the revision `expected`, 0 for none. */
  has(key: string, expected: number): boolean {
    return (this.get(key)?.revision ?? 0) === expected;
  }

  /** Returns a new entry, which is not in the table yet. */
  next(key: string, value: Uint8Array): Entry {
    return { key, value, revision: ++this.#revision };
  }

  /** Lets revisions go on after `revision`. */
  advance(revision: number): void {
    this.#revision = Math.max(this.#revision, revision);
  }

  /** Puts an entry in the place of another one. */
  write({ entry, leaseMs }: Lease): void {
    const { key, value } = entry;
    const bytes = ENTRY_BYTES + key.length * 2 + value.length;
    this.#drop(key);
    const lease = this.#timers.start("lease", leaseMs, () => this.#end(key), {
      keepsAlive: true,
    });
    // Behind all others, so that the map has the order of the revisions.
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

  /** Calls `watcher` for each change of entries whose keys begin with `prefix`. */
  watch(prefix: string, watcher: TableWatcher): () => void {
    this.#watchers.set(watcher, prefix);
    return () => void this.#watchers.delete(watcher);
  }

  /** Stops the timers. */
  close(): void {
    this.#timers.end();
    this.#watchers.clear();
  }

  /** A timer may be late where the process was busy, or the machine asleep. */
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
