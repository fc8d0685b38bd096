import { abortable } from "../../channel/internal.ts";
import { ServerBusyError } from "../../channel/errors.ts";
import { Budget } from "../../channel/limits/budget.ts";
import { fits, type Query } from "./_checks.ts";
import type { Entries } from "./_entries.ts";
import type { DirectoryChange, DirectoryEntry } from "./entry.ts";

/** The one who subscribes. */
export interface Subscriber {
  /** Stands for its connection. */
  readonly session: object;
  readonly host: string;
}

/**
 * The entries that one subscriber has heard of, and the ids of those that it has
 * yet to hear of. Ids, not events: it hears of an entry as it is when its turn
 * comes, and not of states in between. So a slow subscriber costs no more memory
 * than a fast one.
 */
export class Subscription {
  readonly subscriber: Subscriber;
  readonly #entries: Entries;
  readonly #query: Query;
  readonly #budget: Budget;
  readonly #told = new Map<number, DirectoryEntry>();
  readonly #news = new Set<number>();
  #error: Error | null = null;
  #waiting = Promise.withResolvers<void>();

  /** Creates a subscription; `budget` counts the entries of all subscriptions. */
  constructor(
    subscriber: Subscriber,
    entries: Entries,
    query: Query,
    budget: Budget,
  ) {
    this.subscriber = subscriber;
    this.#entries = entries;
    this.#query = query;
    this.#budget = new Budget(Infinity, budget);
    for (const entry of entries.slice(query.type, 0, Infinity)) {
      if (fits(query, entry)) this.#addNews(entry.id);
    }
  }

  #addNews(id: number): void {
    if (this.#news.has(id) || this.#error !== null) return;
    if (!this.#told.has(id)) {
      if (this.#budget.exceededBy(1) !== null) {
        return this.end(
          new ServerBusyError(
            "Cannot show more entries to a subscriber: subscribe to fewer, or raise 'maxSubscribedEntries'",
          ),
        );
      }
      this.#budget.hold(1);
    }
    this.#news.add(id);
  }

  /** Forgets everything. */
  release(): void {
    this.#budget.end();
    this.#told.clear();
    this.#news.clear();
  }

  /** An entry is new, has changed or, with `null`, is gone. */
  changed(id: number, entry: DirectoryEntry | null): void {
    const isNews = this.#told.has(id) ||
      (entry !== null && fits(this.#query, entry));
    if (!isNews) {
      // It came and went before its turn.
      if (this.#news.delete(id)) this.#budget.release(1);
      return;
    }
    this.#addNews(id);
    this.#waiting.resolve();
  }

  /** Ends it: the next change rejects with `error`. */
  end(error: Error): void {
    this.#error = error;
    this.#waiting.resolve();
  }

  /**
   * Waits for the next change. Rejects with the error that ended it, or with the
   * signal's reason.
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
    if (entry !== null && fits(this.#query, entry)) {
      this.#told.set(id, entry);
      return { kind: before === undefined ? "added" : "changed", entry };
    }
    this.#budget.release(1);
    if (before === undefined) return null;
    this.#told.delete(id);
    return { kind: "removed", entry: before };
  }
}
