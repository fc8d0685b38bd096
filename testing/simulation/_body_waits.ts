import { currentProcess, type SimulatedProcess } from "./_process.ts";

/** Notices a body that ends without waiting for what it has begun. */
export class BodyWaits {
  readonly #body: SimulatedProcess;
  readonly #pending = new Set<{ readonly call: string }>();
  /** The last node that the body started, unless a program ended since then. */
  #started: { readonly name: string; readonly at: number } | null = null;

  /** Observes the code of the process `body`. */
  constructor(body: SimulatedProcess) {
    this.#body = body;
  }

  /** Notes a wait until it is disposed; waits of nodes do not count. */
  begin(call: string): Disposable {
    const wait = { call };
    if (this.#isBody) this.#pending.add(wait);
    return { [Symbol.dispose]: () => void this.#pending.delete(wait) };
  }

  /** Notes that a node starts; nodes that other nodes start do not count. */
  starts(name: string, at: number): void {
    if (this.#isBody) this.#started = { name, at };
  }

  /** Notes that the program of a node has ended. */
  programEnds(): void {
    this.#started = null;
  }

  /**
   * Checks the end of the body, at the time `now`.
   *
   * @throws {Error} If a wait is pending, or if neither time has passed nor a
   * program has ended since the body started its last node.
   */
  checkEnd(now: number): void {
    for (const { call } of this.#pending) {
      throw new Error(
        `Cannot end the body: '${call}' is still pending, write 'await ${call}'`,
      );
    }
    if (this.#started?.at !== now) return;
    throw new Error(
      `Cannot end the body: since it started node '${this.#started.name}', no time has passed and no program has ended, write 'await sim.run()' or await the result of a node`,
    );
  }

  get #isBody(): boolean {
    return currentProcess() === this.#body;
  }
}
