import type { DirectoryEntry } from "./entry.ts";

/** Entries in the order of their ids, in which they are added. */
export class EntryList {
  readonly #byId = new Map<number, DirectoryEntry>();
  /** Ascending; those of entries that are gone may be among them. */
  #ids: number[] = [];

  /** How many there are. */
  get size(): number {
    return this.#byId.size;
  }

  /** The entry with this id. */
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
    // Seldom enough that it costs little for each removal.
    if (this.#ids.length > 2 * this.#byId.size + 64) {
      this.#ids = [...this.#byId.keys()];
    }
  }

  /** The first `count` entries with larger ids than `after`. */
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
