import { hostOf } from "../transports/hosts.ts";
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

  /** Counts one more from `address`, or returns `null` if that is too much. */
  enter(address: string): Host | null {
    const name = hostOf(address);
    let host = this.#hosts.get(name);
    if (host === undefined) {
      host = { budget: hostBudget(this.#budget), connections: 0 };
      this.#hosts.set(name, host);
    }
    if (host.connections >= this.#most) return null;
    host.connections++;
    return host;
  }

  /** One from `address` is gone. */
  leave(address: string): void {
    const name = hostOf(address);
    const host = this.#hosts.get(name)!;
    host.connections--;
    if (host.connections === 0) this.#hosts.delete(name);
  }
}
