import { expose } from "../../../../rpc/service/expose.ts";

/** Counts how often each numbered call has run. */
export class NumberedService {
  readonly #runs = new Map<number, number>();

  /** Returns how often this has run. */
  @expose
  once(n: number): number {
    const runs = (this.#runs.get(n) ?? 0) + 1;
    this.#runs.set(n, runs);
    return runs;
  }

  /** Does nothing, as often as it is called. */
  @expose({ idempotent: true })
  often(n: number): number {
    return n;
  }
}
