import { type Budget, hostBudget } from "./budget.ts";

/** One host that has connections to a server. */
export interface Host {
  /** What all of its connections hold together. */
  readonly budget: Budget;
  /** How many connections it has. */
  connections: number;
}

/** The hosts that have connections to one server. */
export class Hosts {
  readonly #most: number;
  readonly #budget: Budget;
  readonly #hosts = new Map<string, Host>();

  /** Lets in `most` from each; what they hold counts towards `budget`. */
  constructor(most: number, budget: Budget) {
    this.#most = most;
    this.#budget = budget;
  }

  /** Whether `name` has as many connections as it may have. */
  isFull(name: string): boolean {
    return (this.#hosts.get(name)?.connections ?? 0) >= this.#most;
  }

  /** Counts one more connection from the host `name`. */
  enter(name: string): Host {
    let host = this.#hosts.get(name);
    if (host === undefined) {
      host = { budget: hostBudget(this.#budget), connections: 0 };
      this.#hosts.set(name, host);
    }
    host.connections++;
    return host;
  }

  /** A connection from the host `name` is gone. */
  leave(name: string): void {
    const host = this.#hosts.get(name)!;
    host.connections--;
    if (host.connections === 0) this.#hosts.delete(name);
  }
}
