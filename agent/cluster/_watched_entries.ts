import type { EntryChange } from "./engine.ts";
import type { ToldChange } from "./_watch_stream.ts";

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
  #stream: AsyncIterator<ToldChange> | null = null;
  #isSynced = false;
  #isOver = false;

  constructor(prefix: string, onChange: (change: EntryChange) => void) {
    this.prefix = prefix;
    this.#onChange = onChange;
  }

  /** Resolves once the entries that were there at first have been told. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  /** Whether they have. */
  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** Whether it was ended from this side. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Tells what `stream` brings, to its end or that of the watch. */
  async follow(stream: AsyncIterable<ToldChange>): Promise<void> {
    const iterator = this.#stream = stream[Symbol.asyncIterator]();
    // What was known, and has not been told again.
    const missing = new Set(this.#known.keys());
    try {
      for (;;) {
        const { done, value } = await iterator.next();
        if (this.#isOver || done) return;
        const [key, text, revision] = value;
        if (key === undefined) {
          for (const it of missing) this.#remove(it);
          this.#isSynced = true;
          this.#synced.resolve();
        } else {
          missing.delete(key);
          if (text === undefined) this.#remove(key);
          else this.#put(key, text, revision!);
        }
      }
    } finally {
      await iterator.return?.();
    }
  }

  #put(key: string, text: string, revision: number): void {
    if (this.#known.get(key) === revision) return;
    this.#known.set(key, revision);
    const value = Uint8Array.fromBase64(text);
    this.#onChange({ kind: "put", entry: { key, value, revision } });
  }

  #remove(key: string): void {
    if (this.#known.delete(key)) this.#onChange({ kind: "removed", key });
  }

  /** Tells nothing more. Repeatable. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.#stream?.return?.();
  }
}
