/**
 * The part of `@std/testing/time` that is used, for machines that can reach npm
 * but not JSR: the npm copy of the standard library has no testing part.
 *
 * @module
 */

interface FakeTimer {
  readonly id: number;
  readonly dueAt: number;
  readonly run: () => void;
  readonly everyMs: number | null;
}

type Callback = (...args: unknown[]) => void;

const NAMES = [
  ...["Date", "setTimeout", "clearTimeout", "setInterval", "clearInterval"],
] as const;

/**
 * Replaces `Date`, the timers and the intervals until it is disposed of. As in
 * the original, `performance.now` is unchanged.
 */
export class FakeTime implements Disposable {
  /** The date and time at which the fake time began. */
  readonly start: number;
  readonly #real = Object.fromEntries(
    NAMES.map((name) => [name, Reflect.get(globalThis, name)]),
  );
  readonly #setTimeout = globalThis.setTimeout;
  readonly #timers = new Map<number, FakeTimer>();
  #now: number;
  #ids = 0;

  /** Starts at `start`, by default at the current time. */
  constructor(start: number | string | Date = Date.now()) {
    this.start = this.#now = new Date(start).getTime();
    const now = () => this.#now;
    const clear = (id?: number) => void this.#timers.delete(Number(id));
    Object.assign(globalThis, {
      Date: class extends Date {
        constructor(...args: ConstructorParameters<typeof Date> | []) {
          super(...(args.length === 0 ? [now()] : args) as [number]);
        }
        static override now = now;
      },
      setTimeout: (run: Callback, ms = 0, ...args: unknown[]) =>
        this.#set(() => run(...args), ms, null),
      clearTimeout: clear,
      setInterval: (run: Callback, ms = 0, ...args: unknown[]) =>
        this.#set(() => run(...args), ms, Math.max(1, ms)),
      clearInterval: clear,
    });
  }

  /** The fake time, in milliseconds since the Unix epoch. */
  get now(): number {
    return this.#now;
  }

  /** Advances the time by `ms`, and runs the timers that become due. */
  tick(ms = 0): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers.values()]
        .filter(({ dueAt }) => dueAt <= end)
        .sort((a, b) => a.dueAt - b.dueAt || a.id - b.id);
      if (next === undefined) break;
      this.#timers.delete(next.id);
      this.#now = next.dueAt;
      if (next.everyMs !== null) {
        const dueAt = next.dueAt + next.everyMs;
        this.#timers.set(next.id, { ...next, dueAt });
      }
      next.run();
    }
    this.#now = end;
  }

  /** Runs everything that is ready, then advances the time like `tick`. */
  async tickAsync(ms = 0): Promise<void> {
    await this.runMicrotasks();
    this.tick(ms);
  }

  /** Runs everything that is ready. */
  async runMicrotasks(): Promise<void> {
    await new Promise((resolve) => this.#setTimeout(resolve));
  }

  /** Ends the fake time. */
  restore(): void {
    Object.assign(globalThis, this.#real);
  }

  /** Ends the fake time. */
  [Symbol.dispose](): void {
    this.restore();
  }

  #set(run: () => void, ms: number, everyMs: number | null): number {
    const id = ++this.#ids;
    const dueAt = this.#now + Math.max(0, ms);
    this.#timers.set(id, { id, dueAt, run, everyMs });
    return id;
  }
}
