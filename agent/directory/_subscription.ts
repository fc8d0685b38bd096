import { abortable } from "../../channel/internal.ts";
import type { Budget } from "../../channel/limits/budget.ts";
import { ServerBusyError } from "../../channel/errors.ts";
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
  readonly #budget: Budget;
  readonly #told = new Map<number, DirectoryEntry>();
  readonly #news = new Set<number>();
  #error: Error | null = null;
  #waiting = Promise.withResolvers<void>();

  /** `budget` bounds for how many entries this remembers something. */
  constructor(entries: Entries, query: Query, budget: Budget) {
    this.#entries = entries;
    this.#query = query;
    this.#budget = budget;
    for (const entry of entries.slice(query.type, 0, Infinity)) {
      if (query.means(entry)) this.#addNews(entry.id);
    }
  }

  #addNews(id: number): void {
    if (this.#news.has(id) || this.#error !== null) return;
    if (!this.#told.has(id) && !this.#hold()) return;
    this.#news.add(id);
  }

  /** Holds room for one entry more, or ends this if there is none. */
  #hold(): boolean {
    if (this.#budget.exceededBy(1) === null) {
      this.#budget.hold(1);
      return true;
    }
    this.end(
      new ServerBusyError(
        "Cannot tell a subscriber of more entries: subscribe to fewer, or raise 'maxSubscribedEntries'",
      ),
    );
    return false;
  }

  /** Nothing is remembered any more. */
  release(): void {
    this.#budget.end();
    this.#told.clear();
    this.#news.clear();
  }

  /** An entry is new, has changed or, with `null`, is gone. */
  changed(id: number, entry: DirectoryEntry | null): void {
    const isNews = this.#told.has(id) ||
      (entry !== null && this.#query.means(entry));
    if (!isNews) {
      // What came and went, and was never told.
      if (this.#news.delete(id)) this.#budget.release(1);
      return;
    }
    this.#addNews(id);
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
    this.#budget.release(1);
    if (before === undefined) return null;
    this.#told.delete(id);
    return { kind: "removed", entry: before };
  }
}
