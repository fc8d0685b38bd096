import v8 from "node:v8";
import { Stack } from "./_stack.ts";

/** The part of Node's `v8.promiseHooks` that is needed. */
interface PromiseHooks {
  createHook(hooks: {
    init(promise: object, parent: object | undefined): void;
    before(promise: object): void;
    settled(promise: object): void;
  }): () => void;
}

/**
 * How many awaits of a step are followed, those of the package included. Each
 * takes a few microseconds, which a step that has very many cannot spare.
 */
const MAX_AWAITS = 20_000;

/** Those of the hook itself, and the one of the function that waits. */
const MAX_FRAMES = 4;

/** Code that is not the user's own. */
const OF_LIBRARIES = /\/node_modules\/|\/npm\/|:\/\/jsr\.io\/|https?:\/\//;

/**
 * The places at which async functions of one step wait, as far as the runtime
 * tells: each `await` has a promise of its own, which is gone once the function
 * goes on.
 */
export class Awaits implements Disposable {
  readonly #waits = new Map<object, Stack>();
  readonly #stop: () => void;
  #onChange: (() => void) | null = null;
  #count = 0;

  /**
   * Follows the code for which `isCurrent` returns `true`, up to `max` awaits:
   * then it forgets all.
   */
  constructor(isCurrent: () => boolean, max = MAX_AWAITS) {
    const { promiseHooks } = v8 as unknown as { promiseHooks?: PromiseHooks };
    const end = (promise: object) => {
      if (this.#waits.delete(promise)) this.#onChange?.();
    };
    this.#stop = promiseHooks?.createHook({
      init: (promise, parent) => {
        if (parent === undefined || !isCurrent()) return;
        if (++this.#count > max) return this[Symbol.dispose]();
        this.#waits.set(promise, new Stack(MAX_FRAMES));
      },
      before: end,
      settled: end,
    }) ?? (() => {});
  }

  /** Returns the lines of the user at which async functions wait. */
  lines(): string[] {
    return [...this.#waits.values()].map((stack) => stack.awaitFrame())
      .filter((line) => line !== null && !OF_LIBRARIES.test(line)) as string[];
  }

  /** Resolves when no async function of the user waits any more. */
  async ended(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onChange = () => {
      if (this.lines().length === 0) resolve();
    };
    this.#onChange();
    await promise;
  }

  /** Follows nothing any more, and forgets all. Repeatable. */
  [Symbol.dispose](): void {
    this.#stop();
    this.#waits.clear();
    this.#onChange?.();
    this.#onChange = null;
  }
}
