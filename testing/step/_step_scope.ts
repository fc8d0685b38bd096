import { AsyncLocalStorage } from "node:async_hooks";

const current = new AsyncLocalStorage<StepScope>();

/**
 * The asynchronous scope of one step: all code that the step's body starts,
 * in timers and handlers too, runs in it.
 */
export class StepScope {
  readonly #rejections: unknown[] = [];

  /** Whether the running code belongs to this step. */
  get isCurrent(): boolean {
    return current.getStore() === this;
  }

  /** Runs `fn`, and all that it starts, in this scope. */
  run<T>(fn: () => T): T {
    return current.run(this, fn);
  }

  /** Takes out the reasons of rejected promises that no code awaited. */
  takeRejections(): unknown[] {
    return this.#rejections.splice(0);
  }

  /**
   * Collects the unhandled rejections of `scopes` until it is disposed. Without
   * it, the first one ends the whole test file, as those of other code still do.
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
