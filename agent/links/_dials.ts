import { abortable } from "../../channel/internal.ts";

/** An attempt to connect that several callers wait for. */
interface Dial<T> {
  readonly result: Promise<T>;
  /** Resolves when the attempt has ended, in any way. */
  readonly ended: Promise<void>;
  readonly controller: AbortController;
  waiting: number;
}

/** The attempts to connect that are under way, at most one for each key. */
export class Dials<T> {
  readonly #current = new Map<string, Dial<T>>();
  /** All attempts that have not ended, including those given up. */
  readonly #running = new Set<Dial<T>>();

  /** The number of attempts that have not ended. */
  get size(): number {
    return this.#running.size;
  }

  /** Returns whether an attempt can be joined. */
  has(key: string): boolean {
    return this.#current.has(key);
  }

  /**
   * Waits for the attempt of `key`, and begins it with `connect` if there is
   * none. The last caller that leaves gives the attempt up.
   */
  async join(
    key: string,
    connect: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const dial = this.#current.get(key) ?? this.#begin(key, connect);
    dial.waiting++;
    try {
      return await abortable(dial.result, signal);
    } finally {
      if (--dial.waiting === 0) {
        this.#forget(key, dial);
        dial.controller.abort();
      }
    }
  }

  #begin(
    key: string,
    connect: (signal: AbortSignal) => Promise<T>,
  ): Dial<T> {
    const controller = new AbortController();
    const result = connect(controller.signal);
    const ended = result.then(() => {}, () => {});
    const dial: Dial<T> = { result, ended, controller, waiting: 0 };
    this.#current.set(key, dial);
    this.#running.add(dial);
    ended.then(() => {
      this.#running.delete(dial);
      this.#forget(key, dial);
    });
    return dial;
  }

  #forget(key: string, dial: Dial<T>): void {
    if (this.#current.get(key) === dial) this.#current.delete(key);
  }

  /** Gives up all attempts. */
  abort(): void {
    for (const { controller } of this.#running) controller.abort();
  }

  /** Resolves when the attempts of this moment have ended. */
  async ended(): Promise<void> {
    await Promise.all([...this.#running].map(({ ended }) => ended));
  }
}
