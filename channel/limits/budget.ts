/** The share of the free memory of its parent that a connection may take. */
const CONNECTION_SHARE = 1 / 2;

/**
 * The memory that a peer makes this side hold, in bytes, and its limit. Budgets
 * form a tree: the memory of a connection also counts for its host, and for its
 * server or container. Only this class adds and subtracts.
 */
export class Budget {
  /** The most that may be held, in bytes. */
  readonly limit: number;
  /** The budget that this one also counts towards, if there is one. */
  readonly parent: Budget | null;
  readonly #share: number;
  #bytes = 0;
  #hasEnded = false;

  /**
   * Creates an empty budget that also counts towards `parent`. It may hold no
   * more than `share` times the free memory of `parent`.
   */
  constructor(
    limit: number,
    parent: Budget | null = null,
    share: number = CONNECTION_SHARE,
  ) {
    this.limit = limit;
    this.parent = parent;
    this.#share = share;
  }

  /** The memory that is held, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Returns the first budget, from this one upwards, that cannot hold `bytes`
   * more within `times` its limit. Returns `null` if all can.
   *
   * A budget cannot take more than its share of what is free in its parent, so
   * that no connection and no host can take everything. After ten connections
   * that take as much as they can, a sixtieth of their host's budget is still
   * free.
   */
  exceededBy(bytes: number, times = 1): Budget | null {
    const wanted = this.#bytes + bytes;
    if (wanted > times * this.limit) return this;
    const { parent } = this;
    if (parent === null) return null;
    const free = times * parent.limit - parent.#bytes;
    if (wanted > this.#share * free) return parent;
    return parent.exceededBy(bytes, times);
  }

  /** Adds `bytes`, even if there is no room. Release them once. */
  hold(bytes: number): void {
    if (this.#hasEnded) return;
    this.#bytes += bytes;
    this.parent?.hold(bytes);
  }

  /** Subtracts `bytes` that were added before. */
  release(bytes: number): void {
    this.hold(-bytes);
  }

  /**
   * Releases everything and stops counting. Later releases have no effect, as
   * their bytes are released here.
   */
  end(): void {
    this.release(this.#bytes);
    this.#hasEnded = true;
  }
}

/** Creates the budget of one host: at most half of that of its server. */
export function hostBudget(server: Budget): Budget {
  return new Budget(server.limit / 2, server, 1);
}
