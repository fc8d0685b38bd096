import type { CallOrigin } from "../../rpc/service/call_queue.ts";

/**
 * Keeps the origin of calls through everything that a step starts and awaits.
 */
interface OriginStorage {
  run<T>(origin: CallOrigin | undefined, step: () => T): T;
  getStore(): CallOrigin | undefined;
}

function makeStorage(): OriginStorage {
  const core = denoCore();
  if (core !== null && agree(core)) return new ContextStorage(core);
  return usualStorage() ?? new SynchronousStorage();
}

/** Not imported, since browsers cannot load a module of that name. */
function usualStorage(): OriginStorage | null {
  const { process } = globalThis as {
    readonly process?: {
      getBuiltinModule?(name: string): {
        readonly AsyncLocalStorage: new () => OriginStorage;
      };
    };
  };
  const hooks = process?.getBuiltinModule?.("node:async_hooks");
  return hooks === undefined ? null : new hooks.AsyncLocalStorage();
}

/** The part of Deno's internals that runs code in an async context. */
interface DenoCore {
  getAsyncContext(): Context | null | undefined;
  setAsyncContext(context: Context | null | undefined): void;
  /** The variable type in which an `AsyncLocalStorage` keeps its value. */
  readonly AsyncVariable: new () => {
    enter(origin: CallOrigin | undefined): Context | null | undefined;
    get(): CallOrigin | undefined;
  };
}

const ORIGIN = Symbol("denomas.origin");

/** The values of all storages, each under its own key. */
interface Context {
  readonly [ORIGIN]?: CallOrigin | undefined;
}

function denoCore(): DenoCore | null {
  const { Deno: deno } = globalThis as {
    readonly Deno?: { readonly internal?: symbol };
  };
  if (typeof deno?.internal !== "symbol") return null;
  const { core } = Reflect.get(deno, deno.internal) ?? {};
  const isKnown = [
    core?.getAsyncContext,
    core?.setAsyncContext,
    core?.AsyncVariable,
  ].every((member) => typeof member === "function");
  return isKnown ? core : null;
}

/**
 * Returns whether two kinds of storage keep their values within each other's
 * steps. Deno does not document its contexts; if they change, they are not
 * used.
 */
function agree(core: DenoCore): boolean {
  const [a, b]: CallOrigin[] = [
    { agent: "a", turns: [] },
    { agent: "b", turns: [] },
  ];
  try {
    const direct = new ContextStorage(core);
    // Stands in for Deno's `AsyncLocalStorage`, which takes longer to load than
    // Deno takes to start.
    const usual = new VariableStorage(core);
    const both = () => direct.getStore() === a && usual.getStore() === b;
    return direct.run(a, () => usual.run(b, both)) &&
      usual.run(b, () => direct.run(a, both)) &&
      direct.getStore() === undefined && usual.getStore() === undefined;
  } catch {
    return false;
  }
}

/**
 * Keeps origins in the contexts that `AsyncLocalStorage` of Deno 2.9 uses. That
 * class puts each value into a `WeakMap`, so everything reachable from the
 * value survives a garbage collection: short calls of agents took 1.4 times as
 * long.
 */
class ContextStorage implements OriginStorage {
  readonly #core: DenoCore;

  constructor(core: DenoCore) {
    this.#core = core;
  }

  run<T>(origin: CallOrigin | undefined, step: () => T): T {
    const core = this.#core;
    const before = core.getAsyncContext();
    // Keep the values of other storages.
    const context = before
      ? { ...before, [ORIGIN]: origin }
      : { [ORIGIN]: origin };
    core.setAsyncContext(context);
    try {
      return step();
    } finally {
      core.setAsyncContext(before);
    }
  }

  getStore(): CallOrigin | undefined {
    return this.#core.getAsyncContext()?.[ORIGIN];
  }
}

/** Keeps origins in the same way as the `AsyncLocalStorage` of Deno 2.9. */
class VariableStorage implements OriginStorage {
  readonly #core: DenoCore;
  readonly #variable: InstanceType<DenoCore["AsyncVariable"]>;

  constructor(core: DenoCore) {
    this.#core = core;
    this.#variable = new core.AsyncVariable();
  }

  run<T>(origin: CallOrigin | undefined, step: () => T): T {
    const before = this.#variable.enter(origin);
    try {
      return step();
    } finally {
      this.#core.setAsyncContext(before);
    }
  }

  getStore(): CallOrigin | undefined {
    return this.#variable.get();
  }
}

/** The fallback for browsers. After an `await`, code has no origin. */
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
 * The agent whose code is running, and the turns within which it runs.
 * Everything that an agent's code starts and awaits belongs to that agent.
 */
const acting: OriginStorage = makeStorage();

/**
 * Runs `step`, and everything that it starts, as the code described by
 * `origin`.
 */
export function actAs<T>(origin: CallOrigin, step: () => T): T {
  return acting.run(origin, step);
}

/**
 * Runs `step`, and everything that it starts, as the code of no agent. Needed
 * for connections, which later serve calls of other agents.
 */
export function actAsNobody<T>(step: () => T): T {
  return acting.run(undefined, step);
}

/** Returns the origin that is sent with calls made now. */
export function currentOrigin(): CallOrigin | null {
  return acting.getStore() ?? null;
}
