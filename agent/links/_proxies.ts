import { remoteNode } from "../../rpc/internal.ts";

/**
 * The proxies that a container has made for agents. Who connects again gets the
 * same one, as long as somebody holds it.
 */
export class Proxies {
  readonly #byKey = new Map<string, WeakRef<object>>();
  readonly #dropped = new FinalizationRegistry<string>((key) => {
    if (this.#byKey.get(key)?.deref() === undefined) this.#byKey.delete(key);
  });

  /** How many are remembered. */
  get size(): number {
    return this.#byKey.size;
  }

  /** Returns the proxy for an agent of the class `type`, which `make` makes. */
  take(key: string, type: string, make: () => object): object {
    const known = this.#byKey.get(key)?.deref();
    if (known !== undefined && remoteNode(known)!.place!.type === type) {
      return known;
    }
    const proxy = make();
    this.#byKey.set(key, new WeakRef(proxy));
    this.#dropped.register(proxy, key);
    return proxy;
  }

  /** Forgets a proxy, whose agent is gone. */
  delete(key: string): void {
    this.#byKey.delete(key);
  }

  /** Forgets all. */
  clear(): void {
    this.#byKey.clear();
  }
}
