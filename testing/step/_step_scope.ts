import { AsyncLocalStorage } from "node:async_hooks";

const current = new AsyncLocalStorage<StepScope>();

/**
 * Tells the work of one step from all other: whatever runs because the step's
 * body did, in timers and handlers too, runs in its scope.
 */
export class StepScope {
  readonly #rejections: unknown[] = [];

  /** Whether the running code belongs to this step. */
  get isCurrent(): boolean {
    return current.getStore() === this;
  }

  /** Runs `fn`, and all that comes of it, in this scope. */
  run<T>(fn: () => T): T {
    return current.run(this, fn);
  }

  /** Takes out the reasons of promises that were rejected with nobody waiting. */
  takeRejections(): unknown[] {
    return this.#rejections.splice(0);
  }

  /**
   * Collects the stray rejections of those `scopes` that make them until it is
   * disposed. Without it, the first would end the whole test file; those of
   * other origin still do.
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
