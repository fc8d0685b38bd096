import { abortable } from "../../channel/internal.ts";
import { ServerBusyError } from "../../channel/errors.ts";
import { Budget } from "../../channel/limits/budget.ts";
import { fits } from "./_checks.ts";
import type { Entries } from "./_entries.ts";
import type { DirectoryEntry, DirectoryNews, DirectoryQuery } from "./entry.ts";

/** The one who subscribes. */
export interface Subscriber {
  /** Stands for its connection. */
  readonly session: object;
  readonly host: string;
}

/**
 * The ids of the entries that one subscriber has yet to hear of. Ids, not
 * events: it hears of an entry as it is when its turn comes, and not of states
 * in between. The subscriber itself knows what it has heard before.
 */
export class Subscription {
  readonly subscriber: Subscriber;
  readonly #entries: Entries;
  readonly #query: DirectoryQuery;
  readonly #budget: Budget;
  /** By id, whether the subscriber has not heard of the entry before. */
  readonly #pending = new Map<number, boolean>();
  #error: Error | null = null;
  #waiting = Promise.withResolvers<void>();

  /** Creates a subscription; `budget` counts the ids of all subscriptions. */
  constructor(
    subscriber: Subscriber,
    entries: Entries,
    query: DirectoryQuery,
    budget: Budget,
  ) {
    this.subscriber = subscriber;
    this.#entries = entries;
    this.#query = query;
    this.#budget = new Budget(Infinity, budget);
    for (const entry of entries.slice(0, Infinity)) this.changed(null, entry);
  }

  /** Forgets everything. */
  release(): void {
    this.#budget.end();
    this.#pending.clear();
  }

  /** An entry is new (`before` is `null`), has changed, or is gone. */
  changed(before: DirectoryEntry | null, after: DirectoryEntry | null): void {
    const did = before !== null && fits(this.#query, before);
    const does = after !== null && fits(this.#query, after);
    if (this.#error !== null || !did && !does) return;
    const { id } = (after ?? before)!;
    if (!does && this.#pending.get(id) === true) {
      // It came and went before its turn.
      this.#take(id);
    } else if (!this.#pending.has(id)) {
      this.#add(id, !did);
    }
  }

  #add(id: number, isNew: boolean): void {
    if (this.#budget.exceededBy(1) !== null) {
      return this.end(
        new ServerBusyError(
          "Cannot show more entries to a subscriber: subscribe to fewer, or raise 'maxSubscribedEntries'",
        ),
      );
    }
    this.#budget.hold(1);
    this.#pending.set(id, isNew);
    this.#waiting.resolve();
  }

  #take(id: number): void {
    this.#pending.delete(id);
    this.#budget.release(1);
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
  async next(signal: AbortSignal): Promise<DirectoryNews> {
    for (;;) {
      if (this.#error !== null) throw this.#error;
      for (const id of this.#pending.keys()) {
        this.#take(id);
        const entry = this.#entries.byId(id);
        const isThere = entry !== null && fits(this.#query, entry);
        return { id, entry: isThere ? entry : null };
      }
      this.#waiting = Promise.withResolvers();
      await abortable(this.#waiting.promise, signal);
    }
  }
}
