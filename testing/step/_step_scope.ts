import { AsyncLocalStorage } from "node:async_hooks";

const current = new AsyncLocalStorage<StepScope>();

/**
 * The async scope of one step: all code that the step's body starts, including
 * timers and handlers, runs in it.
 */
export class StepScope {
  readonly #rejections: unknown[] = [];

  /** Whether the running code belongs to this step. */
  get isCurrent(): boolean {
    return current.getStore() === this;
  }

  /** Runs `fn`, and everything that it starts, in this scope. */
  run<T>(fn: () => T): T {
    return current.run(this, fn);
  }

  /** Removes and returns the reasons of unhandled rejections. */
  takeRejections(): unknown[] {
    return this.#rejections.splice(0);
  }

  /**
   * Collects the unhandled rejections of `scopes` until it is disposed.
   * Otherwise the first one would end the whole test file, as rejections of
   * other code still do.
   */
  static collectRejections(
    scopes: { has(scope: StepScope): boolean },
  ): Disposable {
    const listener = (event: PromiseRejectionEvent) => {
      const scope = current.getStore();
      if (scope === undefined || !scopes.has(scope)) return;
      event.preventDefault();
      scope.#rejections.push(event.reason);
    };
    globalThis.addEventListener("unhandledrejection", listener);
    return {
      [Symbol.dispose]: () =>
        globalThis.removeEventListener("unhandledrejection", listener),
    };
  }
}
