/** How much of what is free above it a connection may take. */
const CONNECTION_SHARE = 1 / 2;

/**
 * The memory that a peer makes this side hold, in bytes, and how much of it
 * may be held. Budgets form a tree: what a connection holds also counts for its
 * host, and for its server or container. This is the one place that adds and
 * subtracts.
 */
export class Budget {
  /** The most that may be held, in bytes. */
  readonly limit: number;
  readonly #parent: Budget | null;
  readonly #share: number;
  #bytes = 0;
  #hasEnded = false;

  /**
   * Makes an empty budget; what it holds also counts for `parent`. It may hold
   * no more than `share` times what is free there.
   */
  constructor(
    limit: number,
    parent: Budget | null = null,
    share: number = CONNECTION_SHARE,
  ) {
    this.limit = limit;
    this.#parent = parent;
    this.#share = share;
  }

  /** What is held now, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The budget that this one counts towards, if there is one. */
  get parent(): Budget | null {
    return this.#parent;
  }

  /**
   * Which budget cannot hold `bytes` more within `times` its limit: this one,
   * one above it, or `null` for none.
   *
   * A budget is refused more than its share of what is free above it, so that
   * no connection and no host can take all: after ten connections that take
   * what they can, a sixtieth of their host's budget is still free.
   */
  exceededBy(bytes: number, times = 1): Budget | null {
    const wanted = this.#bytes + bytes;
    if (wanted > times * this.limit) return this;
    const parent = this.#parent;
    if (parent === null) return null;
    const free = times * parent.limit - parent.#bytes;
    if (wanted > this.#share * free) return parent;
    return parent.exceededBy(bytes, times);
  }

  /** Adds `bytes`, whether or not there is room. Give them back once. */
  hold(bytes: number): void {
    if (this.#hasEnded) return;
    this.#bytes += bytes;
    this.#parent?.hold(bytes);
  }

  /** Gives `bytes` back that were held before. */
  release(bytes: number): void {
    this.hold(-bytes);
  }

  /**
   * Gives back all that is held. From then on nothing is counted: what is
   * released later was given back here.
   */
  end(): void {
    this.release(this.#bytes);
    this.#hasEnded = true;
  }
}

/** The budget of one host at a server: half of the server's at most. */
export function hostBudget(server: Budget): Budget {
  return new Budget(server.limit / 2, server, 1);
}
