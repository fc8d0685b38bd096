import { abortable } from "../../channel/internal.ts";
import { ServerBusyError } from "../../channel/errors.ts";
import { Budget } from "../../channel/limits/budget.ts";
import { fits } from "./_checks.ts";
import type { Listing } from "./_entries.ts";
import type { DirectoryEntry, DirectoryNews, DirectoryQuery } from "./entry.ts";

/**
 * The weight of a subscription, in bytes. It stands for the work as well: each
 * change of an entry is compared with all subscriptions.
 */
const SUBSCRIPTION_BYTES = 65_536;

/** The memory of an entry that a subscriber has yet to hear of, in bytes. */
const PENDING_BYTES = 100;

/**
 * The entries that one subscriber has yet to hear of. Entries, not events: it
 * hears of an entry as it is when its turn comes, and not of states in between.
 * The subscriber itself knows what it has heard before.
 */
export class Subscription {
  readonly #query: DirectoryQuery;
  readonly #budget: Budget;
  /** The changed entries, and whether each is new to the subscriber. */
  readonly #pending = new Map<Listing, boolean>();
  #error: Error | null = null;
  #waiting = Promise.withResolvers<void>();

  /**
   * Creates a subscription that counts towards `budget`, of the connection of
   * its subscriber.
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

  /** Counts for nothing any more. */
  release(): void {
    this.#budget.end();
  }

  /** An entry is new (`before` is `null`), has changed, or is gone. */
  changed(
    listing: Listing,
    before: DirectoryEntry | null,
    after: DirectoryEntry | null,
  ): void {
    const did = before !== null && fits(this.#query, before);
    const does = after !== null && fits(this.#query, after);
    if (this.#error !== null || !did && !does) return;
    if (!does && this.#pending.get(listing) === true) {
      // It came and went before its turn.
      this.#take(listing);
    } else if (!this.#pending.has(listing) && this.#hold(PENDING_BYTES)) {
      this.#pending.set(listing, !did);
      this.#waiting.resolve();
    }
  }

  /** Returns whether there is room; ends the subscription if there is none. */
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
