import { abortable, within } from "../../channel/internal.ts";
import type { Entry, EntryChange } from "./engine.ts";

/** Takes what one connection tells of watched entries, in its order. */
export interface WatchRound {
  /** The entry is there. */
  put(entry: Entry): void;
  /** There is no such entry. */
  removed(key: string): void;
  /** All entries that were there at first have been told. */
  synced(): void;
}

/**
 * The entries that one watch has told, over any number of connections: after a
 * loss it tells what has changed meanwhile.
 */
export class WatchedEntries {
  readonly prefix: string;
  readonly #onChange: (change: EntryChange) => void;
  readonly #synced = Promise.withResolvers<void>();
  /** The revisions of what was told, by key. */
  readonly #known = new Map<string, number>();
  #round: WatchRound | null = null;
  #isSynced = false;
  #isOver = false;
  #stop: () => unknown = () => {};

  constructor(prefix: string, onChange: (change: EntryChange) => void) {
    this.prefix = prefix;
    this.#onChange = onChange;
  }

  /**
   * Resolves once the entries that were there at first have been told.
   *
   * @throws {Error} If that takes longer than `timeoutMs`.
   * @throws {unknown} The reason of the signal.
   */
  async syncedWithin(timeoutMs: number, signal: AbortSignal): Promise<void> {
    await within(timeoutMs, abortable(this.#synced.promise, signal));
    if (!this.#isSynced) throw new Error(`not within ${timeoutMs} ms`);
  }

  /** Whether it was ended from this side. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Begins with a new connection, which tells all entries that are there; nothing
   * that an earlier one tells counts any more. `stop` is called at the end.
   */
  begin(stop: () => unknown): WatchRound {
    // What was known, and has not been told again.
    const missing = new Set(this.#known.keys());
    const ifCurrent =
      <Args extends unknown[]>(act: (...args: Args) => void) =>
      (...args: Args) => {
        if (this.#round === round && !this.#isOver) act(...args);
      };
    const round: WatchRound = {
      put: ifCurrent((entry: Entry) => {
        missing.delete(entry.key);
        this.#put(entry);
      }),
      removed: ifCurrent((key: string) => {
        missing.delete(key);
        this.#remove(key);
      }),
      synced: ifCurrent(() => {
        for (const key of missing) this.#remove(key);
        this.#isSynced = true;
        this.#synced.resolve();
      }),
    };
    this.#round = round;
    this.#stop = stop;
    return round;
  }

  #put(entry: Entry): void {
    const { key, revision } = entry;
    if (this.#known.get(key) === revision) return;
    this.#known.set(key, revision);
    this.#onChange({ kind: "put", entry });
  }

  #remove(key: string): void {
    if (this.#known.delete(key)) this.#onChange({ kind: "removed", key });
  }

  /** Tells nothing more. Repeatable. */
  async end(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await this.#stop();
  }
}
