import v8 from "node:v8";
import { Stack } from "./_stack.ts";

/** The part of Node's `v8.promiseHooks` that this module uses. */
interface PromiseHooks {
  createHook(hooks: {
    init(promise: object, parent: object | undefined): void;
    before(promise: object): void;
    settled(promise: object): void;
  }): () => void;
}

/**
 * The number of awaits that are tracked in a step, including those of the
 * package. Each costs a few microseconds, too much for a step with very many.
 */
const MAX_AWAITS = 20_000;

/** The frames of the hook itself, and that of the waiting function. */
const MAX_FRAMES = 4;

/** Matches frames of library code. */
const OF_LIBRARIES = /\/node_modules\/|\/npm\/|:\/\/jsr\.io\/|https?:\/\//;

/**
 * Tracks where the async functions of one step are waiting, as far as the
 * runtime reveals it: each `await` has a promise, which settles when the
 * function resumes.
 */
export class Awaits implements Disposable {
  readonly #waits = new Map<object, Stack>();
  readonly #stop: () => void;
  #onChange: (() => void) | null = null;
  #count = 0;

  /**
   * Tracks the code for which `isCurrent` returns `true`. After more than `max`
   * awaits, it stops and discards everything.
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

  /** Returns the lines of user code at which async functions are waiting. */
  lines(): string[] {
    return [...this.#waits.values()].map((stack) => stack.awaitFrame())
      .filter((line) => line !== null && !OF_LIBRARIES.test(line)) as string[];
  }

  /** Resolves when no async function of the user is waiting any more. */
  async ended(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onChange = () => {
      if (this.lines().length === 0) resolve();
    };
    this.#onChange();
    await promise;
  }

  /** Stops tracking and discards everything. Repeatable. */
  [Symbol.dispose](): void {
    this.#stop();
    this.#waits.clear();
    this.#onChange?.();
    this.#onChange = null;
  }
}
