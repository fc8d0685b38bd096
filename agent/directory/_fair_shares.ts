import { Budget, hostBudget } from "../../channel/limits/budget.ts";
import { world } from "../../transports/internal.ts";
import { hostOf } from "./_hosts.ts";

/** The part of a directory that one container or host has. */
interface Share {
  readonly budget: Budget;
  entries: number;
}

/**
 * The number of entries that containers and hosts have in a directory, and their
 * memory. A host may take half of it, and a container half of what its host has
 * left.
 */
export class Shares {
  readonly #all: Budget;
  /** By the address of a container, and by the name of a host. */
  readonly #shares = new Map<string, Share>();

  /** Creates shares of `maxBytes`. */
  constructor(maxBytes: number) {
    this.#all = new Budget(maxBytes);
  }

  /** The memory that all entries take, in bytes. */
  get bytes(): number {
    return this.#all.bytes;
  }

  /** Returns the shares of a container and of its host. */
  of(container: string): { readonly own: Share; readonly host: Share } {
    const host = this.#shares.get(hostOf(container)) ??
      { budget: hostBudget(this.#all), entries: 0 };
    const own = this.#shares.get(container) ??
      { budget: new Budget(Infinity, host.budget), entries: 0 };
    return { own, host };
  }

  /** Returns true if `bytes` more fit. */
  hasRoom(container: string, bytes: number): boolean {
    return this.of(container).own.budget.exceededBy(bytes) === null;
  }

  /** Counts entries that were added or, with negative numbers, removed. */
  add(container: string, entries: number, bytes: number): void {
    const { own, host } = this.of(container);
    own.budget.hold(bytes);
    this.#count(container, own, entries);
    this.#count(hostOf(container), host, entries);
  }

  #count(key: string, share: Share, entries: number): void {
    share.entries += entries;
    if (share.entries > 0) this.#shares.set(key, share);
    else this.#shares.delete(key);
  }
}

/**
 * Lets callers take turns at work that takes long: the work of one caller is
 * done one after the other, so that many requests of one caller do not keep
 * others waiting.
 */
export class Turns {
  readonly #last = new WeakMap<object, Promise<void>>();

  /** Does `work` after all earlier work of `caller`. */
  async run<T>(caller: object, work: () => T | Promise<T>): Promise<T> {
    const before = this.#last.get(caller);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last.set(caller, promise);
    try {
      if (before !== undefined) await before;
      return await work();
    } finally {
      // Others have their turn before the next work of this caller.
      world.defer(resolve);
    }
  }
}
