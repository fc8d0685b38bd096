import { Budget, hostBudget } from "../../channel/limits/budget.ts";
import { hostOf } from "./_hosts.ts";

/** What one container or host has in a directory. */
interface Share {
  readonly budget: Budget;
  entries: number;
}

/**
 * How many entries containers and hosts have in a directory, and how much memory
 * those take. One host may take half of it, and one container half of what is
 * free there.
 */
export class Shares {
  readonly #all: Budget;
  readonly #hosts = new Map<string, Share>();
  readonly #containers = new Map<string, Share>();

  /** All of them may take `maxBytes`. */
  constructor(maxBytes: number) {
    this.#all = new Budget(maxBytes);
  }

  /** How much memory all entries take, in bytes. */
  get bytes(): number {
    return this.#all.bytes;
  }

  /** How many entries there are of agents in this container. */
  ofContainer(container: string): number {
    return this.#containers.get(container)?.entries ?? 0;
  }

  /** How many entries there are of agents on the host of this container. */
  ofHostOf(container: string): number {
    return this.#hosts.get(hostOf(container))?.entries ?? 0;
  }

  /** Whether there is room for so many bytes more. */
  hasRoom(container: string, bytes: number): boolean {
    const share = this.#containers.get(container) ?? this.#shareOf(container);
    return share.budget.exceededBy(bytes) === null;
  }

  /** An entry is added. */
  add(container: string, bytes: number): void {
    const host = this.#hostOf(container);
    // First, as the container's is below it.
    this.#hosts.set(hostOf(container), host);
    const share = this.#containers.get(container) ?? this.#shareOf(container);
    this.#containers.set(container, share);
    host.entries++;
    share.entries++;
    share.budget.hold(bytes);
  }

  /** An entry takes so many bytes more, or less. */
  change(container: string, bytes: number): void {
    this.#containers.get(container)!.budget.hold(bytes);
  }

  /** An entry is removed. */
  remove(container: string, bytes: number): void {
    const share = this.#containers.get(container)!;
    share.budget.release(bytes);
    if (--share.entries === 0) this.#containers.delete(container);
    const host = this.#hostOf(container);
    if (--host.entries === 0) this.#hosts.delete(hostOf(container));
  }

  #hostOf(container: string): Share {
    return this.#hosts.get(hostOf(container)) ??
      { budget: hostBudget(this.#all), entries: 0 };
  }

  #shareOf(container: string): Share {
    const { budget } = this.#hostOf(container);
    return { budget: new Budget(Infinity, budget), entries: 0 };
  }
}
