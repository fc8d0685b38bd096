import type { Budget } from "../limits/budget.ts";
import { IdTable } from "./id_table.ts";
import { Inbox } from "./_inbox.ts";
import type { IncomingRequest } from "../request.ts";

/** More than what a request takes that only steers others. */
const SHORT_CONTROL_BYTES = 2 * 1024;

/** The requests of the other side that are not answered yet. */
export class RequestTable {
  /** Those that no handler has taken yet. */
  readonly inbox: Inbox<IncomingRequest> = new Inbox();
  /** Those that were unanswered when the connection ended. */
  lost = 0;

  readonly #maxRequests: number;
  readonly #budget: Budget;
  readonly #requests = new IdTable<IncomingRequest>();

  /** Takes up to `maxRequests`, which count towards `budget`. */
  constructor(maxRequests: number, budget: Budget) {
    this.#maxRequests = maxRequests;
    this.#budget = budget;
  }

  /** How many there are. */
  get size(): number {
    return this.#requests.size;
  }

  /** Whether one has this id. */
  has(id: number): boolean {
    return this.#requests.get(id) !== undefined;
  }

  /** Why one more that takes `bytes` would be too much, or `null`. */
  overload(bytes: number): string | null {
    return this.#tooMany(1) ?? this.#tooMuch(this.#budget.exceededBy(bytes));
  }

  /**
   * The same for a request by which the layer above steers others, of which
   * there may be as many again. A short one counts towards this connection's
   * budget, but is taken where that is full: it is by what it steers that the
   * budget gets room.
   */
  controlOverload(bytes: number): string | null {
    const budget = bytes <= SHORT_CONTROL_BYTES
      ? this.#budget.parent
      : this.#budget;
    return this.#tooMany(2) ?? this.#tooMuch(budget?.exceededBy(bytes, 2));
  }

  #tooMany(times: number): string | null {
    return this.#requests.size >= times * this.#maxRequests
      ? `${this.#requests.size} requests are unanswered`
      : null;
  }

  #tooMuch(full: Budget | null | undefined): string | null {
    if (!full) return null;
    return full === this.#budget
      ? `${full.bytes} bytes are held for this connection`
      : `${full.bytes} bytes are held at this server`;
  }

  /** Adds one. */
  add(request: IncomingRequest): void {
    this.#requests.add(request);
    this.#budget.hold(request.bytes);
  }

  /** Takes one out to be answered; `false` if it is not in any more. */
  take(request: IncomingRequest): boolean {
    if (this.#requests.get(request.id) !== request) return false;
    this.#requests.delete(request.id);
    this.#budget.release(request.bytes);
    return true;
  }

  /** Takes out those that no handler has taken. */
  takeUnread(): IncomingRequest[] {
    const unread = this.inbox.clear();
    for (const request of unread) this.take(request);
    return unread;
  }

  /** Tells the handlers of all of them that nobody waits for the answer. */
  loseAll(error: () => Error): void {
    const requests = this.#requests.values();
    this.lost += requests.length;
    this.#requests.clear();
    for (const request of requests) {
      this.#budget.release(request.bytes);
      request.lose(error);
    }
  }
}
