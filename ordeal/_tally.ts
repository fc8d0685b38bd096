import { Histogram } from "./_histogram.ts";

/** Everything that an ordeal counts, and every promise that was broken. */
export class Tally {
  /** What was broken, a sentence each. */
  readonly breaches: string[] = [];
  readonly #counts = new Map<string, number>();
  readonly #times = new Map<string, Histogram>();

  /** Counts something. */
  add(what: string, by: number = 1): void {
    this.#counts.set(what, this.count(what) + by);
  }

  /** How often it was counted. */
  count(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  /** All counts whose names begin with `prefix`, without it. */
  under(prefix: string): [name: string, count: number][] {
    return [...this.#counts]
      .filter(([what]) => what.startsWith(prefix))
      .map(([what, count]) => [what.slice(prefix.length), count] as const)
      .toSorted(([a], [b]) => a < b ? -1 : 1)
      .map(([name, count]) => [name, count]);
  }

  /** Notes how long something took, in milliseconds. */
  time(what: string, ms: number): void {
    let times = this.#times.get(what);
    if (times === undefined) this.#times.set(what, times = new Histogram());
    times.add(ms);
  }

  /** What a share of the times did not exceed; `NaN` without any. */
  quantile(what: string, share: number): number {
    return this.#times.get(what)?.quantile(share) ?? NaN;
  }

  /** A promise was broken. */
  breach(sentence: string): void {
    this.breaches.push(sentence);
  }
}
