import type { CallOrigin } from "../../rpc/service/call_queue.ts";

/** The part of Node's `AsyncLocalStorage` that is used here. */
interface OriginStorage {
  run<T>(origin: CallOrigin | undefined, step: () => T): T;
  getStore(): CallOrigin | undefined;
}

/** Not imported, since no module of that name can be loaded in a browser. */
function makeStorage(): OriginStorage {
  const { process } = globalThis as {
    readonly process?: {
      getBuiltinModule?(name: string): {
        readonly AsyncLocalStorage: new () => OriginStorage;
      };
    };
  };
  const hooks = process?.getBuiltinModule?.("node:async_hooks");
  return hooks ? new hooks.AsyncLocalStorage() : new SynchronousStorage();
}

/** In a browser, what runs after an `await` belongs to nobody. */
class SynchronousStorage implements OriginStorage {
  #origin: CallOrigin | undefined;

  run<T>(origin: CallOrigin | undefined, step: () => T): T {
    const before = this.#origin;
    this.#origin = origin;
    try {
      return step();
    } finally {
      this.#origin = before;
    }
  }

  getStore(): CallOrigin | undefined {
    return this.#origin;
  }
}

/**
 * The agent whose code runs, and the turns that it runs within. All that the
 * code of an agent starts and awaits belongs to it.
 */
const acting: OriginStorage = makeStorage();

/** Runs `step`, and all that it starts, as the code that `origin` describes. */
export function actAs<T>(origin: CallOrigin, step: () => T): T {
  return acting.run(origin, step);
}

/**
 * Runs `step`, and all that it starts, as the code of no agent: for connections,
 * which serve calls of others later.
 */
export function actAsNobody<T>(step: () => T): T {
  return acting.run(undefined, step);
}

/** Returns what calls that are made now tell of their caller. */
export function currentOrigin(): CallOrigin | null {
  return acting.getStore() ?? null;
}
