import { type Budget, hostBudget } from "./budget.ts";

/** A host that has connections to a server. */
export interface Host {
  /** The budget of all its connections together. */
  readonly budget: Budget;
  /** The number of its connections. */
  connections: number;
}

/** The hosts that have connections to one server. */
export class Hosts {
  readonly #most: number;
  readonly #budget: Budget;
  readonly #hosts = new Map<string, Host>();

  /** Allows `most` connections of each host, which count for `budget`. */
  constructor(most: number, budget: Budget) {
    this.#most = most;
    this.#budget = budget;
  }

  /** Returns whether the host `name` has as many connections as it may have. */
  isFull(name: string): boolean {
    return (this.#hosts.get(name)?.connections ?? 0) >= this.#most;
  }

  /** Counts a new connection of the host `name`. */
  enter(name: string): Host {
    let host = this.#hosts.get(name);
    if (host === undefined) {
      host = { budget: hostBudget(this.#budget), connections: 0 };
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
