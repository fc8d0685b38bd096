import { expose } from "../../../../rpc/service/expose.ts";

/** Counts how often each numbered call runs. */
export class NumberedService {
  readonly #runs = new Map<number, number>();

  /** Returns how often call `n` has run. */
  @expose
  once(n: number): number {
    const runs = (this.#runs.get(n) ?? 0) + 1;
    this.#runs.set(n, runs);
    return runs;
  }

  /** Has no side effects, so it may run any number of times. */
  @expose({ idempotent: true })
  often(n: number): number {
    return n;
  }
}
