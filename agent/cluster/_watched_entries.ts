import { abortable, within } from "../../channel/internal.ts";
import type { Entry, EntryChange } from "./engine.ts";

/** Receives the watched entries that one connection sends, in order. */
export interface WatchRound {
  /** Called when an entry exists with this value. */
  put(entry: Entry): void;
  /** Called when there is no entry with this key. */
  removed(key: string): void;
  /** Called after all initial entries have been sent. */
  synced(): void;
}

/**
 * The entries that one watch has reported, across any number of connections.
 * After a lost connection, it reports what has changed meanwhile.
 */
export class WatchedEntries {
  readonly prefix: string;
  readonly #onChange: (change: EntryChange) => void;
  readonly #synced = Promise.withResolvers<void>();
  /** The revisions of the reported entries, by key. */
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
   * Resolves once the initial entries have been reported.
   *
   * @throws {Error} If that takes longer than `timeoutMs`.
   * @throws {unknown} The reason of the signal.
   */
  async syncedWithin(timeoutMs: number, signal: AbortSignal): Promise<void> {
    await within(timeoutMs, abortable(this.#synced.promise, signal));
    if (!this.#isSynced) throw new Error(`not within ${timeoutMs} ms`);
  }

  /** Whether this side has ended the watch. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Starts a round for a new connection, which sends all existing entries.
   * Messages of earlier connections are ignored from now on. `stop` is called
   * at the end.
   */
  begin(stop: () => unknown): WatchRound {
    // Known keys that the new connection has not sent yet.
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

  /** Ends the watch: nothing more is reported. Can be called repeatedly. */
  async end(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await this.#stop();
  }
}
