import { type Budget, hostBudget } from "./budget.ts";

/** A host that has connections to a server. */
export interface Host<Options> {
  /** The budget of all its connections together. */
  readonly budget: Budget;
  /** The options that all its connections share. */
  readonly options: Options;
  /** The number of its connections. */
  connections: number;
}

/** The hosts that have connections to one server. */
export class Hosts<Options> {
  readonly #most: number;
  readonly #budget: Budget;
  readonly #makeOptions: (budget: Budget) => Options;
  readonly #hosts = new Map<string, Host<Options>>();

  /**
   * Allows `most` connections of each host, which count towards `budget`. The
   * options of a host are made with its own budget.
   */
  constructor(
    most: number,
    budget: Budget,
    makeOptions: (budget: Budget) => Options,
  ) {
    this.#most = most;
    this.#budget = budget;
    this.#makeOptions = makeOptions;
  }

  /** Returns whether the host `name` has reached its limit of connections. */
  isFull(name: string): boolean {
    return (this.#hosts.get(name)?.connections ?? 0) >= this.#most;
  }

  /** Counts a new connection of the host `name`. */
  enter(name: string): Host<Options> {
    let host = this.#hosts.get(name);
    if (host === undefined) {
      const budget = hostBudget(this.#budget);
      const options = this.#makeOptions(budget);
      host = { budget, options, connections: 0 };
      this.#hosts.set(name, host);
    }
    host.connections++;
    return host;
  }

  /** Removes a connection of the host `name`. */
  leave(name: string): void {
    const host = this.#hosts.get(name)!;
    host.connections--;
    if (host.connections === 0) this.#hosts.delete(name);
  }
}
