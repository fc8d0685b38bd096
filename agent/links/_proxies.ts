import { remoteNode } from "../../rpc/internal.ts";

/**
 * The proxies that a container has made for agents. Connecting again returns
 * the same proxy, as long as something still holds it.
 */
export class Proxies {
  readonly #byKey = new Map<string, WeakRef<object>>();
  readonly #dropped = new FinalizationRegistry<string>((key) => {
    if (this.#byKey.get(key)?.deref() === undefined) this.#byKey.delete(key);
  });

  /** The number of remembered proxies. */
  get size(): number {
    return this.#byKey.size;
  }

  /**
   * Returns the known proxy for an agent of the class `type`, or makes one with
   * `make`.
   */
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

  /** Forgets a proxy whose agent is gone. */
  delete(key: string): void {
    this.#byKey.delete(key);
  }

  /** Forgets all proxies. */
  clear(): void {
    this.#byKey.clear();
  }
}
