import { abortable } from "../channel/_abortable.ts";
import type { Entries } from "./_entries.ts";
import type { DirectoryChange, DirectoryEntry } from "./entry.ts";
import type { Query } from "./_query.ts";

/**
 * What one subscriber was told, and what it has yet to hear. That are ids and
 * no events: it hears of what an entry is when its turn comes, and nothing of
 * states in between. So a slow one costs no more than there are entries.
 */
export class Subscription {
  readonly #entries: Entries;
  readonly #query: Query;
  readonly #told = new Map<number, DirectoryEntry>();
  readonly #news = new Set<number>();
  #error: Error | null = null;
  #waiting = Promise.withResolvers<void>();

  constructor(entries: Entries, query: Query) {
    this.#entries = entries;
    this.#query = query;
    for (const { id } of entries.find(query)) this.#news.add(id);
  }

  /** An entry is new, has changed or, with `null`, is gone. */
  changed(id: number, entry: DirectoryEntry | null): void {
    const isNews = this.#told.has(id) ||
      (entry !== null && this.#query.means(entry));
    if (!isNews) {
      this.#news.delete(id);
      return;
    }
    this.#news.add(id);
    this.#waiting.resolve();
  }

  /** Nothing will be told any more, because of `error`. */
  end(error: Error): void {
    this.#error = error;
    this.#waiting.resolve();
  }

  /**
   * The next change; waits for one. Rejects with the error that ended it, or
   * with the signal's reason.
   */
  async next(signal: AbortSignal): Promise<DirectoryChange> {
    for (;;) {
      if (this.#error !== null) throw this.#error;
      for (const id of this.#news) {
        this.#news.delete(id);
        const change = this.#changeOf(id);
        if (change !== null) return change;
      }
      this.#waiting = Promise.withResolvers();
      await abortable(this.#waiting.promise, signal);
    }
  }

  #changeOf(id: number): DirectoryChange | null {
    const entry = this.#entries.byId(id);
    const before = this.#told.get(id);
    if (entry !== null && this.#query.means(entry)) {
      this.#told.set(id, entry);
      return { kind: before === undefined ? "added" : "changed", entry };
    }
    if (before === undefined) return null;
    this.#told.delete(id);
    return { kind: "removed", entry: before };
  }
}
