import type { CallOrigin } from "../../rpc/service/call_queue.ts";

/** Keeps the origin of calls through all that a step starts and awaits. */
interface OriginStorage {
  run<T>(origin: CallOrigin | undefined, step: () => T): T;
  getStore(): CallOrigin | undefined;
}

function makeStorage(): OriginStorage {
  const core = denoCore();
  if (core !== null && agree(core)) return new ContextStorage(core);
  return usualStorage() ?? new SynchronousStorage();
}

/** Not imported, since no module of that name can be loaded in a browser. */
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

/** The part of Deno's internals by which code runs in a context. */
interface DenoCore {
  getAsyncContext(): Context | null | undefined;
  setAsyncContext(context: Context | null | undefined): void;
  /** What an `AsyncLocalStorage` keeps its value in. */
  readonly AsyncVariable: new () => {
    enter(origin: CallOrigin | undefined): Context | null | undefined;
    get(): CallOrigin | undefined;
  };
}

const ORIGIN = Symbol("denomas.origin");

/** The values of all storages, by keys of their own. */
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
 * Returns whether two storages keep their values within each other's steps. Deno
 * does not document its contexts: if they change, they are not used.
 */
function agree(core: DenoCore): boolean {
  const [a, b]: CallOrigin[] = [
    { agent: "a", turns: [] },
    { agent: "b", turns: [] },
  ];
  try {
    const direct = new ContextStorage(core);
    // Deno takes longer to load its `AsyncLocalStorage` than to start.
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
 * class puts each value into a `WeakMap`, which lets all that the value reaches
 * survive a collection of garbage: small calls of agents took 1.4 times as long.
 */
class ContextStorage implements OriginStorage {
  readonly #core: DenoCore;

  constructor(core: DenoCore) {
    this.#core = core;
  }

  run<T>(origin: CallOrigin | undefined, step: () => T): T {
    const core = this.#core;
    const before = core.getAsyncContext();
    // The values of others stay.
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

/** Keeps origins as the `AsyncLocalStorage` of Deno 2.9 does. */
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
