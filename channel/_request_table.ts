import { IdTable } from "./_id_table.ts";
import { Inbox } from "./_inbox.ts";
import type { Limits } from "./limits.ts";
import type { IncomingRequest } from "./request.ts";
import type { SharedCounts } from "./_shared_counts.ts";

/** What a {@linkcode RequestTable} is made with. */
export interface RequestTableOptions {
  readonly limits: Limits;
  readonly shared: SharedCounts;
  /** Takes the requests; without it they go to the inbox. */
  readonly onRequest?: (request: IncomingRequest) => void;
}

/** The requests of the other side that are not answered yet. */
export class RequestTable {
  /** Those that no handler has taken yet. */
  readonly inbox: Inbox<IncomingRequest> = new Inbox();
  /** Those that were unanswered when the connection ended. */
  lost = 0;

  readonly #limits: Limits;
  readonly #shared: SharedCounts;
  readonly #deliver: (request: IncomingRequest) => void;
  readonly #requests = new IdTable<IncomingRequest>();
  #bytes = 0;

  /** Makes an empty table. */
  constructor({ limits, shared, onRequest }: RequestTableOptions) {
    this.#limits = limits;
    this.#shared = shared;
    this.#deliver = onRequest ?? ((request) => this.inbox.push(request));
  }

  /** How many there are. */
  get size(): number {
    return this.#requests.size;
  }

  /** Their payloads in sum, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether one has this id. */
  has(id: number): boolean {
    return this.#requests.get(id) !== undefined;
  }

  /**
   * Why one more, of `bytes`, would be too much for `times` the limits, or
   * `null`.
   */
  overload(bytes: number, times = 1): string | null {
    const { maxUnansweredRequests, maxUnansweredBytes } = this.#limits;
    if (this.#requests.size >= times * maxUnansweredRequests) {
      return `${this.#requests.size} requests are unanswered`;
    }
    if (this.#bytes + bytes > times * maxUnansweredBytes) {
      return `${this.#bytes} bytes of requests are unanswered`;
    }
    const inAll = this.#shared.unansweredBytes;
    if (inAll + bytes > times * this.#limits.maxServerUnansweredBytes) {
      return `${inAll} bytes of requests are unanswered at this server`;
    }
    return null;
  }

  /** Adds one and hands it on. */
  add(request: IncomingRequest): void {
    this.#requests.add(request);
    this.#count(request.bytes);
    this.#deliver(request);
  }

  /** Takes one out to be answered; `false` if it is not in any more. */
  take(request: IncomingRequest): boolean {
    if (this.#requests.get(request.id) !== request) return false;
    this.#requests.delete(request.id);
    this.#count(-request.bytes);
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
    this.#count(-this.#bytes);
    for (const request of requests) request.lose(error);
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#shared.unansweredBytes += bytes;
  }
}
