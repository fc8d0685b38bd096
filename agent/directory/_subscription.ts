import { abortable } from "../../channel/internal.ts";
import { ServerBusyError } from "../../channel/errors.ts";
import { Budget } from "../../channel/limits/budget.ts";
import { fits } from "./_checks.ts";
import type { Listing } from "./_entries.ts";
import type { DirectoryEntry, DirectoryNews, DirectoryQuery } from "./entry.ts";

/**
 * The budget of a subscription, in bytes. It also stands for work: each change
 * of an entry is compared with all subscriptions.
 */
const SUBSCRIPTION_BYTES = 65_536;

/** The memory of an entry that has yet to be sent to a subscriber, in bytes. */
const PENDING_BYTES = 100;

/**
 * The entries that have yet to be sent to one subscriber. It stores entries,
 * not events: each entry is sent in its present state, and states in between
 * are skipped. The subscriber itself knows what it has received before.
 */
export class Subscription {
  readonly #query: DirectoryQuery;
  readonly #budget: Budget;
  /** The changed entries, and whether each is new to the subscriber. */
  readonly #pending = new Map<Listing, boolean>();
  #error: Error | null = null;
  #waiting = Promise.withResolvers<void>();

  /**
   * Creates a subscription that counts towards `budget`, which belongs to the
   * subscriber's connection.
   */
  constructor(
    query: DirectoryQuery,
    entries: Iterable<Listing>,
    budget: Budget,
  ) {
    this.#query = query;
    this.#budget = new Budget(Infinity, budget);
    this.#hold(SUBSCRIPTION_BYTES);
    for (const listing of entries) this.changed(listing, null, listing.entry);
  }

  /** Releases all memory held in the budget. */
  release(): void {
    this.#budget.end();
  }

  /**
   * Called when an entry is new (`before` is `null`), has changed, or is gone.
   */
  changed(
    listing: Listing,
    before: DirectoryEntry | null,
    after: DirectoryEntry | null,
  ): void {
    const did = before !== null && fits(this.#query, before);
    const does = after !== null && fits(this.#query, after);
    if (this.#error !== null || !did && !does) return;
    if (!does && this.#pending.get(listing) === true) {
      // The entry was added and removed before it could be sent.
      this.#take(listing);
    } else if (!this.#pending.has(listing) && this.#hold(PENDING_BYTES)) {
      this.#pending.set(listing, !did);
      this.#waiting.resolve();
    }
  }

  /** Returns whether there is room. If there is none, ends the subscription. */
  #hold(bytes: number): boolean {
    if (this.#budget.exceededBy(bytes) === null) {
      this.#budget.hold(bytes);
      return true;
    }
    this.end(
      new ServerBusyError(
        "Cannot show more entries to a subscriber: subscribe to fewer, or raise 'limits.requests.maxHeldBytes' or 'maxServerHeldBytes' of the directory's container",
      ),
    );
    return false;
  }

  #take(listing: Listing): void {
    this.#pending.delete(listing);
    this.#budget.release(PENDING_BYTES);
  }

  /** Ends the subscription: `next` rejects with `error`. */
  end(error: Error): void {
    this.#error = error;
    this.#waiting.resolve();
  }

  /**
   * Waits for the next change. Rejects with the error that ended the
   * subscription, or with the signal's reason.
   */
  async next(signal: AbortSignal): Promise<DirectoryNews> {
    for (;;) {
      if (this.#error !== null) throw this.#error;
      for (const listing of this.#pending.keys()) {
        this.#take(listing);
        const { id, entry } = listing;
        const isThere = entry !== null && fits(this.#query, entry);
        return { id, entry: isThere ? entry : null };
      }
      this.#waiting = Promise.withResolvers();
      await abortable(this.#waiting.promise, signal);
    }
  }
}
